"""Organ labels from numbered label maps and from a mask file an organ."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

from monai_scse.labels import unknown_classes
from monai_scse.runtime import InputError
from monai_scse.transforms import LoadOrganLabelsd, LoadScand

ORGANS = [
    {"name": "liver", "colour": [221, 130, 101], "atlas": [5]},
    {"name": "right lung", "colour": [172, 218, 230], "atlas": [12, 14]},
    {"name": "spleen", "colour": [157, 108, 162]},
]
SHAPE = (4, 5, 6)


@pytest.fixture
def image(tmp_path: Path, write_nifti) -> str:
    return str(write_nifti(tmp_path / "ct.nii.gz", np.arange(120, dtype=np.int16).reshape(SHAPE)))


def load(image: str, label, **options) -> torch.Tensor:
    sample = LoadScand("image")({"image": image, "label": label})
    return LoadOrganLabelsd("label", ORGANS, **options)(sample)["label"]


def test_classes_are_taken_as_they_are(tmp_path, write_nifti, image):
    numbers = np.random.default_rng(0).integers(0, 4, SHAPE).astype(np.uint8)
    label = load(image, str(write_nifti(tmp_path / "label.nii.gz", numbers)))
    np.testing.assert_array_equal(label[0].numpy(), numbers)
    assert unknown_classes(label) == []


def test_numbers_of_an_atlas_and_an_organ_it_does_not_know(tmp_path, write_nifti, image):
    numbers = np.random.default_rng(0).choice([0, 5, 12, 13, 14], SHAPE).astype(np.int16)
    file = write_nifti(tmp_path / "label.nii.gz", numbers)
    label = load(image, str(file), label_numbers="atlas")
    expected = np.vectorize({0: -8, 5: 1, 12: 2, 13: -8, 14: 2}.get)(numbers)
    np.testing.assert_array_equal(label[0].numpy(), expected)
    assert unknown_classes(label) == [3]
    assert label.meta["filename_or_obj"] == str(file)


def test_masks_are_merged_and_lie_on_the_grid_of_the_image(tmp_path, write_nifti, image):
    masks = np.random.default_rng(0).integers(0, 2, (3, *SHAPE)).astype(np.uint8)
    masks[1:, masks[0] == 1] = 0
    files = [str(write_nifti(tmp_path / f"{i}.nii.gz", mask)) for i, mask in enumerate(masks)]
    label = load(image, {"liver": files[:1], "right lung": files[1:]})
    merged = np.where(masks[0], 1, np.where(masks[1] | masks[2], 2, -8))
    np.testing.assert_array_equal(label[0].numpy(), merged)
    assert torch.equal(label.affine, LoadScand("image")({"image": image})["image"].affine)


def test_empty_mask_is_an_organ_that_is_not_there(tmp_path, write_nifti, image):
    empty = str(write_nifti(tmp_path / "liver.nii.gz", np.zeros(SHAPE, np.uint8)))
    label = load(image, {"liver": [empty], "spleen": [empty]})
    assert unknown_classes(label) == [2]


def test_mask_on_another_grid_is_named(tmp_path, write_nifti, image):
    other = str(write_nifti(tmp_path / "liver.nii.gz", np.ones((4, 5, 7), np.uint8)))
    with pytest.raises(InputError, match=r"liver\.nii\.gz"):
        load(image, {"liver": [other]})
    moved = tmp_path / "moved.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.ones(SHAPE, np.uint8), np.diag([2.0, 1, 1, 1])), moved)
    with pytest.raises(InputError, match=r"moved\.nii\.gz"):
        load(image, str(moved))


def test_label_beyond_the_table_is_named(tmp_path, write_nifti, image):
    file = str(write_nifti(tmp_path / "label.nii.gz", np.full(SHAPE, 4, np.uint8)))
    with pytest.raises(InputError, match=r"label\.nii\.gz: label 4 is beyond the 3 organs of the table"):
        load(image, file)


def test_label_map_without_labels_is_named(tmp_path, write_nifti, image):
    file = write_nifti(tmp_path / "label.nii.gz", np.zeros(SHAPE, np.uint8))
    with pytest.raises(InputError, match=r"label\.nii\.gz: empty, no voxel is labelled"):
        load(image, str(file))
