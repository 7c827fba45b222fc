"""Label maps are laid on one another: boxes that moved come back, and nothing folds."""

from __future__ import annotations

import numpy as np
import pytest

from monai_scse.synthetic.ct.label_registration import align_boxes, register_labels


def boxes(shift: int, growth: int) -> np.ndarray:
    labels = np.zeros((24, 20, 22), np.uint8)
    labels[4 + shift : 12 + shift, 6:14, 5 : 13 + growth] = 1
    labels[16 : 20 + shift, 6:12, 5:12] = 2
    return labels


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * (first & second).sum() / (first.sum() + second.sum())


def test_boxes_that_moved_and_grew_are_found():
    fixed, moving = boxes(2, 3), boxes(0, 0)
    displacement = register_labels(fixed, moving, (1, 2, 9), spacing=6.0)
    places = np.rint(np.indices(fixed.shape) + displacement).astype(int)
    warped = moving[tuple(np.clip(part, 0, size - 1) for part, size in zip(places, moving.shape))]
    for number in (1, 2):
        assert dice(warped == number, fixed == number) > max(dice(moving == number, fixed == number), 0.85)
    steps = np.moveaxis(np.array(np.gradient(displacement, axis=(1, 2, 3))), (0, 1), (-1, -2))
    assert np.linalg.det(steps + np.eye(3)).min() > 0  # nothing folds


def test_voxels_that_are_unknown_do_not_count():
    fixed = boxes(3, 0)
    still = register_labels(fixed, boxes(0, 0), (1, 2), 6.0, known=np.zeros((1, 1, 1, 1), bool))
    np.testing.assert_allclose(still, 0, atol=1e-4)


def test_one_organ_of_another_size_does_not_change_scale_and_shift():
    ends = np.random.default_rng(0).uniform(0, 300, (6, 3, 3))
    moving = ends * 1.1 - 20
    moving[0] *= 3
    moving[1, 2] = np.nan
    scale, shift = align_boxes(ends, moving)
    np.testing.assert_allclose(scale, 1.1, atol=0.03)
    np.testing.assert_allclose(shift, -20, atol=8)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="same shape"):
        register_labels(np.zeros((4, 4, 4)), np.zeros((4, 4, 5)), (1,), 6.0)
    with pytest.raises(ValueError, match="none of the labels"):
        register_labels(np.zeros((4, 4, 4)), np.ones((4, 4, 4)), (1,), 6.0)
