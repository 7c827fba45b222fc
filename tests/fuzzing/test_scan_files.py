"""NIfTI files with any header, voxels and damage: a right segmentation, or one line that names the file."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from hypothesis import assume, given, settings
from support.fuzzed_scans import any_scan, damaged_scan
from support.tiny_runs import check_outcome

from monai_scse.runtime import InputError
from monai_scse.transforms import LoadScand

FEW = settings(derandomize=True, max_examples=8)
MANY = settings(max_examples=2000)


def not_too_large(scan) -> None:
    """Leave out sizes between those that are quick and those that are refused."""
    with np.errstate(all="ignore"):
        size = np.linalg.norm(scan.affine[:3, :3], axis=0) * (*scan.voxels.shape, 1, 1)[:3]
        assume(not ((size > 350) & (size < 1e4)).any())


def check_any(run, scratch, scan) -> None:
    not_too_large(scan)
    check_outcome(run, scan.write(scratch))


def check_voxels(scratch, scan) -> None:
    """What is loaded is what nibabel loads, at its place."""
    file = scan.write(scratch)
    try:
        loaded = LoadScand("image")({"image": str(file)})["image"]
    except InputError as error:
        line = str(error)
    else:
        line = ""
    if line:
        assert line.startswith(f"{file}: ")
        return
    image = nibabel.load(file)
    with np.errstate(all="ignore"):
        expected = image.get_fdata().astype(np.float32)
    np.testing.assert_array_equal(loaded[0].numpy(), expected.reshape(expected.shape[:3]))
    np.testing.assert_array_equal(loaded.affine.numpy(), image.affine)


@given(scan=any_scan)
@FEW
def test_any_header(run, scratch, scan):
    check_any(run, scratch, scan)


@pytest.mark.long
@given(scan=any_scan)
@MANY
def test_many_headers(run, scratch, scan):
    check_any(run, scratch, scan)


@given(scan=damaged_scan)
@FEW
def test_damage(run, scratch, scan):
    check_any(run, scratch, scan)


@pytest.mark.long
@given(scan=damaged_scan)
@MANY
def test_many_damages(run, scratch, scan):
    check_any(run, scratch, scan)


@given(scan=any_scan)
@settings(derandomize=True, max_examples=100)
def test_voxels_are_those_of_nibabel(scratch, scan):
    check_voxels(scratch, scan)


@pytest.mark.long
@given(scan=any_scan)
@settings(max_examples=20_000)
def test_voxels_of_many_files(scratch, scan):
    check_voxels(scratch, scan)
