"""Scans made of one labelled scan: organs keep their side and size, Hounsfield units and shape are drawn anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_scse.data import labelled_cases
from monai_scse.runtime import InputError
from monai_scse.synthetic.ct.anatomy import Anatomy, anatomy_ct, load_anatomy
from monai_scse.synthetic.ct.structures import STRUCTURE_INDEX, SYNTHETIC_STRUCTURES

LIVER, LEFT_KIDNEY, UNLABELLED = 5, 3, 0  # TotalSegmentator's numbers


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A box of soft tissue in a rim of fat, a liver on the right and a kidney on the left, on a table."""
    folder = tmp_path_factory.mktemp("anatomy")
    image = np.full((40, 30, 20), -1000, np.float32)
    labels = np.zeros(image.shape, np.uint8)
    image[4:36, 6:26] = -100
    image[8:32, 9:23] = 50
    image[:, 1:3] = -300 + 100  # the table
    image[22:30, 11:20, 4:16], labels[22:30, 11:20, 4:16] = 60, LIVER
    image[10:16, 11:16, 4:12], labels[10:16, 11:16, 4:12] = 30, LEFT_KIDNEY
    for name, volume in (("image", image), ("label", labels)):
        nibabel.save(nibabel.Nifti1Image(volume, np.diag([9.0, 9, 9, 1])), folder / f"{name}.nii.gz")
    return folder / "image.nii.gz", folder / "label.nii.gz"


@pytest.fixture(scope="module")
def anatomy(files: tuple[Path, Path]) -> Anatomy:
    return load_anatomy(*files, spacing=(9, 9, 9))


def test_what_is_not_labelled_goes_by_hounsfield_units(anatomy):
    found = {SYNTHETIC_STRUCTURES[index] for index in np.unique(anatomy.structures)}
    assert found == {"background", "liver", "left kidney", "muscle", "visceral fat", "table"}
    assert (anatomy.structures == STRUCTURE_INDEX["liver"]).sum() == 8 * 9 * 12
    assert np.abs(anatomy.texture[anatomy.structures == STRUCTURE_INDEX["liver"]]).max() == 0


@pytest.mark.parametrize("seed", range(4))
def test_organs_keep_their_side_and_about_their_size(anatomy, seed):
    scan = anatomy_ct(anatomy, seed)
    assert scan.image.shape == scan.labels.shape
    places = {
        name: nibabel.affines.apply_affine(scan.affine, np.argwhere(scan.labels == STRUCTURE_INDEX[name]))
        for name in ("liver", "left kidney")
    }
    assert places["liver"].mean(axis=0)[0] > places["left kidney"].mean(axis=0)[0] + 50
    assert 0.05 * 864 < len(places["liver"]) < 2.5 * 864  # the scan may end inside the liver
    assert (scan.image[scan.labels == 0] < -800).mean() > 0.8


def test_same_seed_same_scan_other_seed_other_scan(anatomy):
    first, again, other = (anatomy_ct(anatomy, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, again.image)
    assert first.image.shape != other.image.shape or (first.image != other.image).any()


def test_shape_and_place_of_organs_are_drawn_anew(anatomy):
    scans = [anatomy_ct(anatomy, seed) for seed in range(12)]
    liver = [(scan.labels == STRUCTURE_INDEX["liver"]).sum() for scan in scans]
    assert max(liver) > 1.3 * min(liver)
    between = [
        np.diff(
            [np.argwhere(scan.labels == STRUCTURE_INDEX[name]).mean(0) for name in ("left kidney", "liver")], axis=0
        )
        for scan in scans
        if (scan.labels == STRUCTURE_INDEX["left kidney"]).any()
    ]
    assert np.ptp(between, axis=0).max() > 1


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_bitten_out_of_the_body_where_the_real_scan_ends(anatomy, seed):
    body = (anatomy_ct(anatomy, seed).labels > 0).sum(axis=(0, 1))
    assert body.min() > 0.7 * np.median(body)


def test_hounsfield_units_vary_over_contrast_phases(anatomy):
    liver = [
        scan.image[scan.labels == STRUCTURE_INDEX["liver"]].mean()
        for scan in (anatomy_ct(anatomy, seed) for seed in range(12))
    ]
    assert max(liver) - min(liver) > 40


def test_command_writes_a_labelled_data_set(files, tmp_path):
    command = [
        sys.executable,
        "-m",
        "monai_scse.synthetic.ct.anatomy",
        "--image",
        files[0],
        "--label",
        files[1],
    ]
    command += ["--output_dir", tmp_path, "--cases", "2", "--spacing", "9", "9", "9"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    assert [Path(case["image"]).name for case in labelled_cases(tmp_path)] == [
        "anatomy_0000.nii.gz",
        "anatomy_0001.nii.gz",
    ]


def test_bad_input_names_the_file(files, tmp_path):
    with pytest.raises(InputError, match=r"missing\.nii\.gz: no such file"):
        load_anatomy(tmp_path / "missing.nii.gz", files[1])
    empty = tmp_path / "empty.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.full((40, 30, 20), UNLABELLED, np.uint8), np.diag([9.0, 9, 9, 1])), empty)
    with pytest.raises(InputError, match=r"empty\.nii\.gz: none of the organs is labelled"):
        load_anatomy(files[0], empty, spacing=(9, 9, 9))
    small = tmp_path / "small.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4), np.uint8), np.diag([9.0, 9, 9, 1])), small)
    with pytest.raises(InputError, match=r"small\.nii\.gz: its grid \(4, 4, 4\) differs"):
        load_anatomy(files[0], small, spacing=(9, 9, 9))
    text = tmp_path / "text.nii.gz"
    text.write_text("not a scan")
    with pytest.raises(InputError, match=r"text\.nii\.gz: cannot be read as a scan"):
        load_anatomy(text, files[1])
