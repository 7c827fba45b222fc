"""Label mapping and lateral flips."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.utils import ImageMetaKey
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.runtime import InputError
from monai_scse.transforms import MapLabelsd, RandLateralFlipd

INDEX = {structure.name: index for index, structure in enumerate(BRAIN_STRUCTURES)}


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.float32])
def test_map_labels(dtype: torch.dtype) -> None:
    label = torch.tensor([[[0, 45], [206, 48]]], dtype=dtype)
    sample = {"image": torch.ones(1), "label": label}
    mapped = MapLabelsd("label", "neuromorphometrics", BRAIN_STRUCTURES)(sample)
    assert mapped["label"].tolist() == [[[0, 1], [4, 15]]]
    assert mapped["label"].dtype == torch.uint8
    assert mapped["image"] is sample["image"]
    assert sample["label"] is label  # the sample itself is left alone


def test_map_labels_keeps_the_place_in_space() -> None:
    affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0], dtype=torch.float64))
    label = MetaTensor(torch.tensor([[[[45]]]]), affine=affine, meta={ImageMetaKey.FILENAME_OR_OBJ: "a.nii.gz"})
    mapped = MapLabelsd(["label"], "neuromorphometrics", BRAIN_STRUCTURES)({"label": label})["label"]
    assert isinstance(mapped, MetaTensor)
    assert torch.equal(mapped.affine, affine)
    assert mapped.meta[ImageMetaKey.FILENAME_OR_OBJ] == "a.nii.gz"
    assert mapped.as_tensor().tolist() == [[[[1]]]]


def test_map_labels_names_the_file_of_an_unknown_label() -> None:
    label = MetaTensor(torch.tensor([[[[45, 77]]]]), meta={ImageMetaKey.FILENAME_OR_OBJ: "labels/a.nii.gz"})
    with pytest.raises(InputError, match=r"^labels/a\.nii\.gz: unknown label 77:"):
        MapLabelsd("label", "neuromorphometrics", BRAIN_STRUCTURES)({"label": label})
    with pytest.raises(InputError, match=r"^label: unknown label 77:"):
        MapLabelsd("label", "neuromorphometrics", BRAIN_STRUCTURES)({"label": torch.tensor([77])})


@pytest.mark.situation("A brain label map without any label", "refused, naming the file")
def test_map_labels_names_the_file_of_an_empty_map() -> None:
    label = MetaTensor(torch.zeros(1, 2, 2, 2), meta={ImageMetaKey.FILENAME_OR_OBJ: "labels/a.nii.gz"})
    with pytest.raises(InputError, match=r"^labels/a\.nii\.gz: empty, no voxel is labelled; label the scan"):
        MapLabelsd("label", "classes", BRAIN_STRUCTURES)({"label": label})


def test_map_labels_unknown_protocol() -> None:
    with pytest.raises(InputError, match="label_protocol must be one of"):
        MapLabelsd("label", "aseg", BRAIN_STRUCTURES)


def slow_mirror(label: np.ndarray, axis: int) -> np.ndarray:
    mirrored = np.flip(label, axis).copy()
    for position in np.ndindex(mirrored.shape):
        name = BRAIN_STRUCTURES[int(mirrored[position])].name
        side, _, rest = name.partition(" ")
        other = {"left": "right", "right": "left"}.get(side)
        if other is not None:
            mirrored[position] = INDEX[f"{other} {rest}"]
    return mirrored


@pytest.mark.parametrize("spatial_axis", [0, 1])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float32])
def test_lateral_flip_mirrors_and_exchanges_sides(dtype: torch.dtype, spatial_axis: int) -> None:
    image, label = torch.randn(3, 5, 7), torch.randint(0, 28, (1, 5, 7)).to(dtype)
    flip = RandLateralFlipd(["image", "label"], BRAIN_STRUCTURES, spatial_axis=spatial_axis, prob=1.0)
    flipped = flip({"image": image, "label": label})
    np.testing.assert_array_equal(flipped["image"].numpy(), np.flip(image.numpy(), spatial_axis + 1))
    np.testing.assert_array_equal(flipped["label"].numpy(), slow_mirror(label.numpy(), spatial_axis + 1))
    restored = flip(flipped)
    assert torch.equal(restored["image"], image)
    assert torch.equal(restored["label"].to(dtype), label)


def test_lateral_flip_by_hand() -> None:
    label = torch.tensor([[[INDEX["left hippocampus"]], [INDEX["brainstem"]], [0]]])
    flipped = RandLateralFlipd(["label"], BRAIN_STRUCTURES, prob=1.0)({"label": label})["label"]
    assert flipped.flatten().tolist() == [0, INDEX["brainstem"], INDEX["right hippocampus"]]


def test_lateral_flip_leaves_the_sample_alone() -> None:
    sample = {"image": torch.randn(1, 4, 4), "label": torch.randint(0, 28, (1, 4, 4)), "other": "x"}
    before = {key: sample[key].clone() for key in ("image", "label")}
    flipped = RandLateralFlipd(["image", "label"], BRAIN_STRUCTURES, prob=1.0)(sample)
    assert flipped["other"] == "x"
    assert all(torch.equal(sample[key], value) for key, value in before.items())


def test_lateral_flip_with_its_probability() -> None:
    flip = RandLateralFlipd(["image", "label"], BRAIN_STRUCTURES, prob=0.25)
    flip.set_random_state(0)
    sample = {"image": torch.tensor([[0.0, 1.0]]), "label": torch.tensor([[1, 3]])}
    drawn = [flip(sample) for _ in range(400)]
    share = np.mean([float(result["image"][0, 0]) for result in drawn])
    assert 0.18 < share < 0.32
    # Image and label flip together. The label map of mirrored left and right white matter stays the same.
    assert all(result["label"].tolist() == [[1, 3]] for result in drawn)
    never = RandLateralFlipd(["image", "label"], BRAIN_STRUCTURES, prob=0.0)
    assert all(torch.equal(never(sample)["image"], sample["image"]) for _ in range(20))
