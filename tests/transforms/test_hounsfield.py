"""Telling a CT in Hounsfield units from one without its offset, and from an MR image."""

from __future__ import annotations

import logging

import pytest
import torch
from monai.data import MetaTensor

from monai_scse.runtime import InputError
from monai_scse.synthetic.ct.torso import synthetic_ct
from monai_scse.transforms import CheckHounsfieldd


@pytest.fixture(scope="module")
def ct() -> torch.Tensor:
    return torch.from_numpy(synthetic_ct(3, spacing=(9, 9, 9)).image).float()[None]


def named(image: torch.Tensor) -> dict[str, MetaTensor]:
    return {"image": MetaTensor(image, meta={"filename_or_obj": "scans/a.nii.gz"})}


def test_ct_passes_in_silence(ct, caplog):
    with caplog.at_level(logging.INFO):
        checked = CheckHounsfieldd("image")(named(ct))["image"]
    assert not caplog.records
    torch.testing.assert_close(checked.as_tensor(), ct)


def test_ct_of_soft_tissue_alone_passes(ct, caplog):
    CheckHounsfieldd("image")(named(ct.clamp(min=-160)))
    assert not caplog.records


@pytest.mark.parametrize("lowest", [0, 24])
@pytest.mark.situation("A CT of stored values 0 to 4095", "refused, naming the option that adds the offset")
def test_missing_offset_is_said_with_the_option_that_adds_it(ct, lowest):
    stored = (ct + 1024).clamp(min=lowest)
    with pytest.raises(InputError, match=r"scans/a\.nii\.gz: values from .* offset is missing; give --hu_offset -1024"):
        CheckHounsfieldd("image")(named(stored))
    checked = CheckHounsfieldd("image", hu_offset=-1024)(named(stored))["image"]
    torch.testing.assert_close(checked.as_tensor(), ct.clamp(min=lowest - 1024))


@pytest.mark.situation("An MR scan or a picture of 0 to 255 in the CT bundle", "segmented, with a warning")
@pytest.mark.parametrize("highest", [255, 800, 1500, 4000])
def test_mr_image_is_warned_of(caplog, highest):
    CheckHounsfieldd("image")(named(torch.linspace(0, highest, 1000).view(1, 10, 10, 10)))
    assert "scans/a.nii.gz: values from 0" in caplog.text
    assert "an MR image?" in caplog.text


@pytest.mark.parametrize("offset", [0, -1024])
@pytest.mark.situation("A CT with padding of -2000 around a round field of view", "the padding becomes air")
def test_padding(ct, caplog, offset):
    padded = ct.clone()
    padded[:, :2], padded[:, -2:] = -2000, -2000
    expected = padded.clamp(min=-1024)
    checked = CheckHounsfieldd("image", hu_offset=offset)(named(padded - offset))["image"]
    assert not caplog.records
    torch.testing.assert_close(checked.as_tensor(), expected)


@pytest.mark.parametrize("padding", [-2000, -3024, -32768])
@pytest.mark.situation("A CT without its offset, but with padding of -2000", "refused, naming the option that adds it")
def test_missing_offset_beside_padding(ct, padding):
    stored = (ct + 1024).clamp(min=0)
    stored[:, :2], stored[:, -2:] = padding, padding
    message = (
        rf"a\.nii\.gz: values from {padding} to \d+ and padding are not Hounsfield units, their offset is missing;"
    )
    with pytest.raises(InputError, match=message):
        CheckHounsfieldd("image")(named(stored))


@pytest.mark.parametrize("dark", [1, 20])
@pytest.mark.situation(
    "A CT without its offset, with a few voxels far below 0", "refused, naming the option that adds it"
)
def test_missing_offset_and_a_few_dark_voxels(ct, dark):
    stored = (ct + 1024).clamp(min=0)
    stored.view(-1)[:dark] = -500
    with pytest.raises(InputError, match="their offset is missing"):
        CheckHounsfieldd("image")(named(stored))


@pytest.mark.situation("A CT in Hounsfield units, given with hu_offset -1024", "refused: it has its offset")
def test_offset_of_a_scan_that_has_it(ct):
    with pytest.raises(InputError, match=r"hold no soft tissue after hu_offset -1024, the scan has its offset; leave"):
        CheckHounsfieldd("image", hu_offset=-1024)(named(ct))
