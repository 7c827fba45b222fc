"""Resampling of samples as MONAI Label makes them."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import EnsureChannelFirst, Spacingd

from monai_scse.transforms import AntiAliasd, SpacingIgnoringExtraKeysd


@pytest.fixture
def sample() -> dict:
    meta = {"filename_or_obj": "scan.nii.gz"}
    image = MetaTensor(torch.rand(1, 6, 8, 10), affine=torch.diag(torch.tensor([1.0, 2, 3, 1])), meta=meta)
    return {"image": image, "image_path": "/studies/scan.nii.gz", "image_meta_dict": {"patient": "P1"}, "other": 3}


def test_stock_transform_fails_on_the_path_of_the_server(sample):
    with pytest.raises(AttributeError, match="update"):
        Spacingd("image", pixdim=(2, 2, 2))(sample)


def test_same_image_and_inverse_as_the_stock_transform(sample):
    ours, stock = SpacingIgnoringExtraKeysd("image", pixdim=(2, 2, 2)), Spacingd("image", pixdim=(2, 2, 2))
    without_path = {key: value for key, value in sample.items() if key != "image_path"}
    resampled, expected = ours(sample), stock(without_path)
    assert torch.equal(resampled["image"], expected["image"])
    assert torch.equal(resampled["image"].affine, expected["image"].affine)
    assert resampled["image_path"] == "/studies/scan.nii.gz"
    assert resampled["other"] == 3
    assert resampled["image_meta_dict"]["patient"] == "P1"
    assert ours.inverse(resampled)["image"].shape == sample["image"].shape


def test_noise_of_small_voxels_is_averaged_before_resampling():
    noisy = MetaTensor(torch.randn(1, 60, 60, 20), affine=torch.diag(torch.tensor([0.75, 0.75, 3.0, 1.0])))
    spacing = SpacingIgnoringExtraKeysd("image", pixdim=(3, 3, 3))
    aliased, averaged = (
        spacing(sample)["image"] for sample in ({"image": noisy}, AntiAliasd("image", (3, 3, 3))({"image": noisy}))
    )
    assert averaged.shape == aliased.shape
    assert averaged.std() < 0.4 * aliased.std()


def test_scan_that_was_read_without_a_channel_by_another_program():
    read = MetaTensor(torch.rand(8, 8, 8), affine=torch.diag(torch.tensor([1.0, 1.0, 3.0, 1.0])))
    scan = EnsureChannelFirst(channel_dim="no_channel")(read)
    assert AntiAliasd("image", (3, 3, 3))({"image": scan})["image"].std() < 0.7 * scan.std()


@pytest.mark.parametrize("size", [3.0, 5.0])
def test_voxels_that_are_not_smaller_are_left_as_they_are(size):
    scan = MetaTensor(torch.randn(1, 9, 9, 9), affine=torch.diag(torch.tensor([size, size, size, 1.0])))
    assert torch.equal(AntiAliasd("image", (3, 3, 3))({"image": scan})["image"], scan)


def test_anti_aliasing_keeps_mean_edges_and_the_place_in_space(sample):
    image = MetaTensor(torch.zeros(1, 40, 8, 8), affine=sample["image"].affine, meta={"filename_or_obj": "scan.nii.gz"})
    image[:, 20:] = 100
    smooth = AntiAliasd("image", (3, 3, 3))({"image": image, "other": 3})
    assert smooth["other"] == 3
    assert torch.equal(smooth["image"].affine, image.affine)
    assert smooth["image"].meta["filename_or_obj"] == "scan.nii.gz"
    assert smooth["image"].dtype == torch.float32
    assert smooth["image"].mean() == pytest.approx(50)
    profile = smooth["image"][0, :, 4, 4]
    assert profile[16] < 0.1
    assert profile[23] > 99.9
