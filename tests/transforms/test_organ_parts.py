"""Organs in several pieces are flagged, and nothing is removed."""

from __future__ import annotations

import torch
from monai.data import MetaTensor

from monai_scse.transforms import QC_KEY, OrganPartsQCd


def checked(*blocks: tuple[slice, slice, slice]) -> MetaTensor:
    """An organ made of blocks, in voxels of 5 mm."""
    classes = torch.zeros(1, 40, 40, 40)
    for block in blocks:
        classes[(0, *block)] = 1
    pred = MetaTensor(classes, affine=torch.diag(torch.tensor([5.0, 5, 5, 1])))
    result = OrganPartsQCd("pred")({"pred": pred, "image": MetaTensor(torch.zeros(1, 40, 40, 40), affine=pred.affine)})
    assert torch.equal(result["pred"].as_tensor(), classes)
    assert result["image"].meta[QC_KEY] == result["pred"].meta[QC_KEY]
    return result["pred"]


WHOLE = (slice(2, 22), slice(2, 12), slice(10, 30))  # 500 ml
BESIDE = (slice(26, 36), slice(2, 12), slice(10, 20))  # 125 ml


def test_one_piece_is_as_it_should_be() -> None:
    assert checked(WHOLE).meta[QC_KEY] == {}


def test_pieces_are_named_with_their_volumes() -> None:
    assert checked(WHOLE, BESIDE).meta[QC_KEY] == {1: "in 2 pieces of 500.0 and 125.0 ml, one expected"}


def test_specks_are_no_pieces() -> None:
    assert checked(WHOLE, (slice(30, 35), slice(2, 7), slice(10, 16))).meta[QC_KEY] == {}  # 18.75 ml of 518.75


def test_pieces_may_be_joined_beyond_the_scan() -> None:
    assert checked(WHOLE, (slice(26, 36), slice(2, 12), slice(0, 10))).meta[QC_KEY] == {}
    assert checked(WHOLE, (slice(26, 36), slice(2, 12), slice(30, 40))).meta[QC_KEY] == {}
