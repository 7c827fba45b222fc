"""Real and hand-made folders that other readers fail on, from the data that is not in this repository."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from conftest import DATA
from support.dicom_files import write_dicom_series, write_enhanced

from monai_scse.data import image_cases
from monai_scse.dicom import get_dicom_series
from monai_scse.runtime import InputError
from monai_scse.transforms import LoadScand


@pytest.fixture
def hard_inputs() -> Path:
    if not (DATA / "hard_inputs").exists():
        pytest.skip("the hard inputs are not there; MONAI_SCSE_DATA names the folder of the test data")
    return DATA / "hard_inputs"


@pytest.mark.parametrize(
    ("folder", "odd_file"),
    [
        pytest.param(
            "seg_rle_1bit_beside_ct",
            "zz_seg.dcm",
            marks=pytest.mark.situation(
                "A compressed one-bit segmentation beside a CT", "left out, the CT is read", source="users of ITK"
            ),
        ),
        pytest.param(
            "dose_without_frames_beside_ct",
            "zz_dose.dcm",
            marks=pytest.mark.situation("A real dose without frames beside a CT", "left out, the CT is read"),
        ),
        ("deeply_nested_beside_ct", "zz_nested.dcm"),
        ("scout_slice_in_the_series", "scout.dcm"),
    ],
)
def test_odd_file_costs_itself_alone(hard_inputs: Path, caplog, folder: str, odd_file: str) -> None:
    with caplog.at_level(logging.WARNING):
        (case,) = image_cases(hard_inputs / folder, "CT")
    assert f"{odd_file}: " in caplog.text
    series = get_dicom_series(case["image"])
    assert len(series.files) == 30
    image = LoadScand("image")(case)["image"]
    assert image.shape[-1] == 30
    assert -1100 <= image.min() < -900


def test_half_of_the_slices_shifted(hard_inputs: Path) -> None:
    (case,) = image_cases(hard_inputs / "half_of_slices_shifted_in_plane", "CT")
    with pytest.raises(
        InputError, match=r"slices are shifted in their plane by up to \d+\.\d mm, most between \d+.dcm"
    ):
        LoadScand("image")(case)


@pytest.mark.situation("A real CT as an enhanced file, frames in any order", "voxels and places of the slices")
def test_real_ct_is_the_same_as_slices_and_as_one_enhanced_file(example_ct: Path, tmp_path: Path) -> None:
    scan = nibabel.as_closest_canonical(nibabel.load(example_ct / "example_ct_sm.nii.gz"))
    values, spacing = np.rint(scan.get_fdata()[::-1, ::-1]), np.abs(np.diag(scan.affine)[:3])
    start = nibabel.affines.apply_affine(scan.affine, [scan.shape[0] - 1, scan.shape[1] - 1, 0]) * [-1, -1, 1]
    order = np.random.default_rng(0).permutation(scan.shape[2])
    positions = [np.add(start, [0, 0, spacing[2] * index]) for index in order]
    write_dicom_series(tmp_path / "slices", values[:, :, order], spacing, positions=positions)
    write_enhanced(tmp_path / "enhanced" / "IM1", values[:, :, order], spacing, positions)
    for case in image_cases(tmp_path, "CT"):
        image = LoadScand("image")(case)["image"]
        canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image(image[0].numpy(), image.affine.numpy()))
        np.testing.assert_allclose(canonical.affine, scan.affine, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(canonical.get_fdata(), np.rint(scan.get_fdata()))


@pytest.mark.long  # it loads the libraries once more
def test_mosaic_is_refused_in_little_memory(hard_inputs: Path) -> None:
    code = (
        "import resource, sys; from monai_scse.data import image_cases; from monai_scse.transforms import LoadScand\n"
        "import itk, torch; itk.Image\n"  # libraries first: they map much memory
        "from pathlib import Path; mapped = int(Path('/proc/self/statm').read_text().split()[0]) * 4096\n"
        "resource.setrlimit(resource.RLIMIT_AS, (mapped + 2**30,) * 2)\n"
        "LoadScand('image')(image_cases(sys.argv[1], 'MR')[0])"
    )
    command = [sys.executable, "-c", code, str(hard_inputs / "mosaic_single_file")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "InputError" in result.stderr
    assert "a Siemens mosaic, many slices side by side in an image; convert it with dcm2niix." in result.stderr
