"""Loading scans, and errors that name the file."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.utils import ImageMetaKey

from monai_scse.data import IMAGE_SUFFIXES
from monai_scse.runtime import InputError
from monai_scse.transforms import CheckLabelGridd, LoadScand, file_of

VOLUME = np.random.default_rng(0).normal(size=(4, 5, 6)).astype(np.float32)


def test_loads_channel_first_with_affine_and_file(tmp_path: Path, write_nifti) -> None:
    file = write_nifti(tmp_path / "a.nii.gz", VOLUME)
    loaded = LoadScand(["image"])({"image": str(file), "case": 7})
    assert loaded["case"] == 7
    assert isinstance(loaded["image"], MetaTensor)
    np.testing.assert_array_equal(loaded["image"].numpy(), VOLUME[None])
    np.testing.assert_array_equal(loaded["image"].affine.numpy(), np.eye(4))
    assert file_of(loaded["image"]) == str(file)


def test_one_volume_with_a_fourth_axis_of_one(tmp_path: Path, write_nifti) -> None:
    file = write_nifti(tmp_path / "a.nii.gz", VOLUME[..., None])
    np.testing.assert_array_equal(LoadScand("image")({"image": str(file)})["image"].numpy(), VOLUME[None])


@pytest.mark.parametrize("shape", [(4, 5, 6), (1, 4, 5, 6)])
def test_a_scan_that_another_program_has_read(shape: tuple[int, ...]) -> None:
    affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0], dtype=torch.float64))
    read = MetaTensor(torch.from_numpy(VOLUME).reshape(shape), affine=affine)
    loaded = LoadScand("image")({"image": read})["image"]
    np.testing.assert_array_equal(loaded.numpy(), VOLUME[None])
    np.testing.assert_array_equal(loaded.affine.numpy(), affine.numpy())
    with pytest.raises(InputError, match="image: empty, every voxel is 0"):
        LoadScand("image")({"image": torch.zeros(shape)})


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.nii\.gz: cannot be read as an image"):
        LoadScand("image")({"image": str(tmp_path / "gone.nii.gz")})


@pytest.mark.parametrize("content", [b"", b"no image at all"])
def test_file_that_is_no_image(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.nii.gz"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.nii\.gz: cannot be read as an image"):
        LoadScand("image")({"image": str(file)})


def test_truncated_file(tmp_path: Path, write_nifti) -> None:
    file = write_nifti(tmp_path / "cut.nii", VOLUME)
    file.write_bytes(file.read_bytes()[:-100])
    message = (
        r"cut\.nii: cut short, its header promises 4 x 5 x 6 voxels \(832 bytes\), "
        r"the file has 732 bytes; copy"
    )
    with pytest.raises(InputError, match=message):
        LoadScand("image")({"image": str(file)})


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 6, 2)])
def test_not_three_dimensional(tmp_path: Path, write_nifti, shape: tuple[int, ...]) -> None:
    file = write_nifti(tmp_path / "flat.nii.gz", np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    with pytest.raises(InputError, match=r"flat\.nii\.gz: expected one 3D volume, got the shape"):
        LoadScand("image")({"image": str(file)})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.situation("A scan with NaN or infinite values", "refused in one line")
def test_values_that_are_no_numbers(tmp_path: Path, write_nifti, value: float) -> None:
    volume = VOLUME.copy()
    volume[1, 2, 3] = value
    file = write_nifti(tmp_path / "nan.nii.gz", volume)
    with pytest.raises(InputError, match=r"nan\.nii\.gz: holds NaN or infinite values"):
        LoadScand("image")({"image": str(file)})


@pytest.mark.situation("A scan with one value everywhere", "refused in one line, with the value")
def test_empty_image_is_refused_and_empty_label_is_not(tmp_path: Path, write_nifti) -> None:
    image = write_nifti(tmp_path / "a.nii.gz", VOLUME)
    empty = write_nifti(tmp_path / "empty.nii.gz", np.zeros((4, 5, 6), np.uint8))
    loaded = LoadScand(["image", "label"])({"image": str(image), "label": str(empty)})
    assert not loaded["label"].any()
    with pytest.raises(InputError, match=r"empty\.nii\.gz: empty, every voxel is 0"):
        LoadScand(["image", "label"])({"image": str(empty), "label": str(empty)})


def test_the_cause_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        LoadScand("image")({"image": str(tmp_path / "gone.nii.gz")})
    assert caught.value.__cause__ is not None


def scan(shape: tuple[int, ...], file: str) -> MetaTensor:
    return MetaTensor(torch.zeros(1, *shape), meta={ImageMetaKey.FILENAME_OR_OBJ: file})


def test_label_on_the_grid_of_its_image_passes() -> None:
    sample = {"image": scan((2, 3, 4), "i.nii"), "label": scan((2, 3, 4), "l.nii")}
    assert CheckLabelGridd("label")(sample) == sample


def test_label_of_another_shape_names_both_files() -> None:
    sample = {"image": scan((2, 3, 4), "i.nii"), "label": scan((2, 4, 3), "l.nii")}
    expected = r"^l\.nii: shape \(2, 4, 3\) differs from its image i\.nii \(2, 3, 4\); resample it"
    with pytest.raises(InputError, match=expected):
        CheckLabelGridd(["label"])(sample)


def test_label_of_the_same_shape_elsewhere_in_space() -> None:
    sample = {"image": scan((2, 3, 4), "i.nii"), "label": scan((2, 3, 4), "l.nii")}
    sample["label"].affine = torch.diag(torch.tensor([-1.0, 1.0, 1.0, 1.0]))  # mirrored
    with pytest.raises(InputError, match=r"^l\.nii: its place in space \(affine\) differs .* i\.nii; resample it"):
        CheckLabelGridd("label")(sample)


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_every_announced_format_is_read(tmp_path: Path, suffix: str) -> None:
    volume = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    file = tmp_path / f"scan{suffix}"
    if suffix in (".nii.gz", ".nii"):
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), file)
    elif suffix == ".img":
        nibabel.save(nibabel.Nifti1Pair(volume, np.eye(4)), file)
    elif suffix in (".mgz", ".mgh"):
        nibabel.save(nibabel.MGHImage(volume, np.eye(4)), file)
    else:
        itk = pytest.importorskip("itk")
        itk.imwrite(itk.image_from_array(np.ascontiguousarray(volume.T)), str(file))
    np.testing.assert_array_equal(LoadScand("image")({"image": str(file)})["image"][0], volume)


def test_label_check_with_another_image_key() -> None:
    sample = {"t1": scan((2, 3, 4), "i.nii"), "seg": torch.zeros(1, 2, 3, 5)}
    with pytest.raises(InputError, match=r"^seg: shape \(2, 3, 5\) differs from its image i\.nii"):
        CheckLabelGridd("seg", image_key="t1")(sample)


def test_file_of_a_plain_tensor_is_the_default() -> None:
    assert file_of(torch.zeros(1)) == "input"
    assert file_of(torch.zeros(1), "label") == "label"
    assert file_of(MetaTensor(torch.zeros(1)), "label") == "label"
