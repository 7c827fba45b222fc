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
        checked = CheckHounsfieldd("image", min_slices=5)(named(ct))["image"]
    assert not caplog.records
    torch.testing.assert_close(checked.as_tensor(), ct)


def test_ct_of_soft_tissue_alone_passes(ct, caplog):
    CheckHounsfieldd("image")(named(ct.clamp(min=-160)))
    assert not caplog.records


@pytest.mark.parametrize("lowest", [0, 24])
def test_missing_offset_is_said_with_the_option_that_adds_it(ct, lowest):
    stored = (ct + 1024).clamp(min=lowest)
    with pytest.raises(InputError, match=r"scans/a\.nii\.gz: values from .* offset is missing; give --hu_offset -1024"):
        CheckHounsfieldd("image")(named(stored))
    checked = CheckHounsfieldd("image", hu_offset=-1024)(named(stored))["image"]
    torch.testing.assert_close(checked.as_tensor(), ct.clamp(min=lowest - 1024))


@pytest.mark.parametrize("highest", [255, 800, 1500, 4000])
def test_mr_image_is_warned_of(caplog, highest):
    CheckHounsfieldd("image")(named(torch.linspace(0, highest, 1000).view(1, 10, 10, 10)))
    assert "scans/a.nii.gz: values from 0" in caplog.text
    assert "an MR image?" in caplog.text


def test_too_few_slices(ct):
    with pytest.raises(
        InputError, match=r"a\.nii\.gz: 4 slices of shape \(\d+, \d+, 4\), the network needs at least 5"
    ):
        CheckHounsfieldd("image", min_slices=5)(named(ct[..., :4]))
