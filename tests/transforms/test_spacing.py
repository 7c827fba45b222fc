"""Resampling of samples as MONAI Label makes them."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Spacingd

from monai_scse.transforms import ServerSafeSpacingd


@pytest.fixture
def sample() -> dict:
    meta = {"filename_or_obj": "scan.nii.gz"}
    image = MetaTensor(torch.rand(1, 6, 8, 10), affine=torch.diag(torch.tensor([1.0, 2, 3, 1])), meta=meta)
    return {"image": image, "image_path": "/studies/scan.nii.gz", "image_meta_dict": {"patient": "P1"}, "other": 3}


def test_stock_transform_fails_on_the_path_of_the_server(sample):
    with pytest.raises(AttributeError, match="update"):
        Spacingd("image", pixdim=(2, 2, 2))(sample)


def test_same_image_and_inverse_as_the_stock_transform(sample):
    ours, stock = ServerSafeSpacingd("image", pixdim=(2, 2, 2)), Spacingd("image", pixdim=(2, 2, 2))
    without_path = {key: value for key, value in sample.items() if key != "image_path"}
    resampled, expected = ours(sample), stock(without_path)
    assert torch.equal(resampled["image"], expected["image"])
    assert torch.equal(resampled["image"].affine, expected["image"].affine)
    assert resampled["image_path"] == "/studies/scan.nii.gz"
    assert resampled["other"] == 3
    assert resampled["image_meta_dict"]["patient"] == "P1"
    assert ours.inverse(resampled)["image"].shape == sample["image"].shape
