"""Median frequency balancing against hand-made numbers and a slow loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_scse.labels import mark_unknown_classes
from monai_scse.losses import median_frequency_weights


def slow_weights(labels: list[np.ndarray], num_classes: int) -> np.ndarray:
    frequency = {}
    for c in range(num_classes):
        images = [label for label in labels if (label == c).any()]
        if images:
            frequency[c] = sum(int((label == c).sum()) for label in images) / sum(label.size for label in images)
    median = np.median(list(frequency.values()))
    return np.array([median / frequency[c] if c in frequency else 0 for c in range(num_classes)])


def test_one_image_by_hand() -> None:
    # frequencies 1/2, 1/4, 1/4: their median is 1/4
    label = torch.tensor([[0, 0, 0, 0], [1, 1, 2, 2]])
    assert median_frequency_weights([label], 3).tolist() == [0.5, 1.0, 1.0]


def test_class_missing_from_an_image_by_hand() -> None:
    # Class 0 has 6 of 8 pixels. Class 1 has 1 of the 4 of the first image, class 2 has 1 of the 4 of the second.
    labels = [torch.tensor([0, 0, 0, 1]), torch.tensor([[0, 0], [0, 2]])]
    weights = median_frequency_weights(labels, 3)
    torch.testing.assert_close(weights, torch.tensor([0.25 / 0.75, 1.0, 1.0]))


def test_even_number_of_classes_takes_the_mean_of_the_middle_two() -> None:
    label = torch.tensor([0] * 12 + [1] * 4 + [2] * 2 + [3] * 2)
    # frequencies 0.6, 0.2, 0.1, 0.1: the median is 0.15
    torch.testing.assert_close(median_frequency_weights([label], 4), torch.tensor([0.25, 0.75, 1.5, 1.5]))


@pytest.mark.parametrize("seed", range(5))
def test_random_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = []
    for _ in range(6):
        some = rng.choice(10, size=4, replace=False)  # most classes are missing from each image, 10 and 11 from all
        labels.append(rng.choice(some, size=rng.integers(2, 9, size=3), p=[0.6, 0.3, 0.08, 0.02]))
    weights = median_frequency_weights([torch.from_numpy(label) for label in labels], 12)
    np.testing.assert_allclose(weights.numpy(), slow_weights(labels, 12), rtol=1e-6)


def test_class_absent_everywhere_has_weight_zero() -> None:
    weights = median_frequency_weights([torch.tensor([0, 0, 2, 2])], 5)
    assert weights.tolist() == [1.0, 0.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.float32])
def test_any_data_type_and_a_generator(dtype: torch.dtype) -> None:
    weights = median_frequency_weights((torch.tensor([0, 0, 0, 1], dtype=dtype) for _ in range(2)), 2)
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights, torch.tensor([0.5 / 0.75, 0.5 / 0.25]))


def test_meta_tensor_gives_a_plain_tensor() -> None:
    assert type(median_frequency_weights([MetaTensor(torch.tensor([0, 1]))], 2)) is torch.Tensor


@pytest.mark.parametrize("labels", [[], [torch.zeros(0, dtype=torch.uint8)]])
def test_no_labels(labels: list[torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="at least one labelled image"):
        median_frequency_weights(labels, 3)


def test_label_too_big() -> None:
    with pytest.raises(ValueError, match=r"num_classes=3, got 7"):
        median_frequency_weights([torch.tensor([0, 1, 7])], 3)


def test_background_that_may_be_an_unknown_class_counts_as_background() -> None:
    label = torch.tensor([0, 1, 1, 2])
    weights = median_frequency_weights([mark_unknown_classes(label, [3]), label], 4)
    torch.testing.assert_close(weights, median_frequency_weights([label, label], 4))
