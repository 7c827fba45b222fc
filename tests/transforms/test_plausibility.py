"""Organs that cannot be are removed, and the reason is kept."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from monai_scse.transforms import CONFIDENCE_KEY, QC_KEY, TorsoQCd

NAMES = ["background", "liver", "spleen"]
MINIMUM = {"liver": 400, "spleen": 30, "pancreas": 20}


def sample(width: int = 40, depth: int = 30, fat: int = 4) -> dict[str, MetaTensor]:
    """A body of 8 mm voxels with a rim of fat, a liver of 491.5 ml and a spleen of 8.2 ml."""
    image, classes = torch.zeros(1, 60, 40, 20), torch.zeros(1, 60, 40, 20)
    x, y = 30 - width // 2, 20 - depth // 2
    image[:, x : x + width, y : y + depth] = 0.2
    image[:, x + fat : x + width - fat, y + fat : y + depth - fat] = 0.5
    classes[:, 26:36, 16:24, 4:16] = 1
    classes[:, 24:26, 16:20, 6:8] = 2
    affine = torch.diag(torch.tensor([8.0, 8, 8, 1]))
    return {"image": MetaTensor(image, affine=affine), "pred": MetaTensor(classes, affine=affine)}


def test_organ_below_its_minimum_is_removed() -> None:
    checked = TorsoQCd("pred", NAMES, MINIMUM)(sample())["pred"]
    assert checked.unique().tolist() == [0, 1]
    assert checked.meta[QC_KEY] == {2: "removed: 8.2 ml, at least 30 ml expected"}


def test_organ_that_the_scan_cuts_off_may_be_small_and_is_flagged() -> None:
    data = sample()
    data["pred"] = data["pred"].roll(-6, dims=3)  # the spleen starts in the first slice
    checked = TorsoQCd("pred", NAMES, MINIMUM)(data)["pred"]
    assert checked.unique().tolist() == [0, 1, 2]
    assert checked.meta[QC_KEY] == {2: "cut off by the scan: 8.2 ml, at least 30 ml expected of a whole one"}


def test_organ_that_the_network_is_unsure_of_is_flagged_and_stays() -> None:
    data = sample()
    # the spleen is too small and goes, the third has no voxel
    data["pred"].meta[CONFIDENCE_KEY] = {1: 0.76, 2: 0.7, 3: 0.5}
    checked = TorsoQCd("pred", [*NAMES, "aorta"], MINIMUM)(data)["pred"]
    assert checked.unique().tolist() == [0, 1]
    assert checked.meta[QC_KEY] == {
        1: "unsure: confidence 0.76, expected 0.8",
        2: "removed: 8.2 ml, at least 30 ml expected",
    }


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"width": 18, "depth": 22}, "largest section 251 cm2, expected 280"),
        ({"fat": 0}, "no body: 0.0 % fat, expected 3 %"),
    ],
)
def test_scan_that_is_no_torso_is_left_empty(options: dict[str, int], reason: str) -> None:
    data = sample(**options)
    checked = TorsoQCd("pred", NAMES, MINIMUM)(data)["pred"]
    assert not checked.any()
    assert set(checked.meta[QC_KEY]) == {1, 2}
    assert all(reason in found for found in checked.meta[QC_KEY].values())
    assert data["pred"].any()


def test_scan_without_organs_is_noted() -> None:
    data = sample()
    data["pred"] = torch.zeros_like(data["pred"])
    checked = TorsoQCd("pred", NAMES, MINIMUM)(data)["pred"]
    assert checked.meta[QC_KEY] == dict.fromkeys((1, 2), "no organ found in the scan")


def test_scan_of_few_slices_keeps_its_body() -> None:
    data = {key: volume[..., 8:10] for key, volume in sample().items()}
    checked = TorsoQCd("pred", NAMES, MINIMUM)(data)["pred"]
    assert checked.unique().tolist() == [0, 1]


def test_lung_behind_a_thin_wall_stays() -> None:
    data = sample()
    data["image"][:, 13:22, 10:30] = 0  # air, three voxels from the side
    data["pred"][:, 13:22, 10:30] = 2
    checked = TorsoQCd("pred", NAMES, MINIMUM)(data)["pred"]
    assert torch.equal(checked.as_tensor(), data["pred"].as_tensor())


def test_only_what_lies_inside_the_body_stays() -> None:
    data = sample()
    data["image"][:, :, 37:38] = 0.5  # a table
    data["image"][:, 30:36, 10:30] = 0.0  # a lung
    inside = data["pred"].clone()
    data["pred"][:, 5:50, 35:37] = 1
    data["pred"][:, 2:6, 10:30] = 1
    checked = TorsoQCd("pred", NAMES, {})(data)["pred"]
    assert torch.equal(checked, inside)
