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
    with pytest.raises(InputError, match=r"label\.nii\.gz: unknown label 4: 'classes' has 4 labels from 0 to 3"):
        load(image, file)


def test_label_map_without_labels_is_named(tmp_path, write_nifti, image):
    file = write_nifti(tmp_path / "label.nii.gz", np.zeros(SHAPE, np.uint8))
    with pytest.raises(InputError, match=r"label\.nii\.gz: empty, no voxel is labelled"):
        load(image, str(file))


@pytest.mark.situation(
    "CT labels that were scaled or interpolated", "training and evaluation refuse them, naming the file and the values"
)
def test_label_map_of_values_that_are_no_whole_numbers(tmp_path, write_nifti, image):
    numbers = np.random.default_rng(0).integers(0, 4, SHAPE) * np.float32(0.33)
    with pytest.raises(InputError, match=r"label\.nii\.gz: value 0\.33, 0\.66, 0\.99 is no label"):
        load(image, str(write_nifti(tmp_path / "label.nii.gz", numbers)))


def test_label_map_of_values_off_by_rounding_is_read(tmp_path, write_nifti, image):
    numbers = np.random.default_rng(0).integers(0, 4, SHAPE)
    label = load(image, str(write_nifti(tmp_path / "label.nii.gz", numbers * np.float32(1 - 2e-7))))
    np.testing.assert_array_equal(label[0].numpy(), numbers)


@pytest.mark.situation(
    "A CT label map whose numbers all belong to another protocol", "refused, naming the file and label_numbers"
)
def test_label_map_without_a_number_of_the_numbering(tmp_path, write_nifti, image):
    file = str(write_nifti(tmp_path / "label.nii.gz", np.full(SHAPE, 7, np.uint8)))
    with pytest.raises(InputError, match=r"label\.nii\.gz: none of its labels is one of 'atlas' .*label_numbers"):
        load(image, file, label_numbers="atlas")


@pytest.mark.situation(
    "A CT label map of known numbers without any organ of the table, such as legs", "used as background, with a warning"
)
def test_label_map_with_other_structures_alone(tmp_path, write_nifti, image, caplog):
    organs = [{"name": "liver", "colour": [1, 2, 3], "totalsegmentator_v2": [5]}]
    sample = LoadScand("image")(
        {"image": image, "label": str(write_nifti(tmp_path / "legs.nii.gz", np.full(SHAPE, 75, np.uint8)))}
    )
    label = LoadOrganLabelsd("label", organs, "totalsegmentator_v2")(sample)["label"]
    assert not label.any()
    assert "legs.nii.gz: labelled, and every label is background" in caplog.text


@pytest.mark.situation(
    "A 4D map of one channel a structure (one-hot) as labels", "refused, naming the file and its shape"
)
def test_one_hot_label_map(tmp_path, write_nifti, image):
    file = str(write_nifti(tmp_path / "label.nii.gz", np.ones((*SHAPE, 3), np.uint8)))
    with pytest.raises(InputError, match=r"label\.nii\.gz: expected one 3D volume, got the shape"):
        load(image, file)


@pytest.mark.situation(
    "An organ's mask file with several numbers, fractions, or the scan itself", "refused, naming the file"
)
@pytest.mark.parametrize("values", [[0, 1, 2], [0.0, 0.4, 1.0], [-1, 0, 1], [-5, -4, -3]])
def test_mask_of_more_than_one_organ(tmp_path, write_nifti, image, values):
    mask = np.random.default_rng(0).choice(np.array(values, dtype=np.float32), SHAPE)
    with pytest.raises(InputError, match=r"liver\.nii\.gz: a mask holds 0 and one positive number, and this file"):
        load(image, {"liver": [str(write_nifti(tmp_path / "liver.nii.gz", mask))]})


@pytest.mark.parametrize("inside", [1, 255, 0.99999])
def test_mask_of_any_one_number(tmp_path, write_nifti, image, inside):
    mask = np.random.default_rng(0).integers(0, 2, SHAPE)
    file = str(write_nifti(tmp_path / "liver.nii.gz", mask * np.float32(inside)))
    label = load(image, {"liver": [file], "right lung": [], "spleen": []})
    np.testing.assert_array_equal(label[0].numpy(), mask)
