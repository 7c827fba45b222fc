"""A segmentation lies on its scan for nibabel and for ITK, whatever the header of the scan says."""

from __future__ import annotations

import itertools
from pathlib import Path

import itk
import nibabel
import numpy as np
import pytest
from monai.data import MetaTensor
from monai.transforms import SaveImaged

from monai_scse.transforms import LoadScand, SaveSegmentationd

_OBLIQUE = nibabel.affines.from_matvec(
    nibabel.eulerangles.euler2mat(0.1, -0.2, 0.3) @ np.diag([0.9, 1.1, 2.5]), [-31.25, 12.5, 7.125]
)
_SHEARED = _OBLIQUE @ np.array([[1, 0, 0, 0], [0, 1, 0.4, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
_MOVED = nibabel.affines.from_matvec(np.eye(3), [0, 23, -5]) @ _OBLIQUE


def _scan(path: Path, sform: np.ndarray, sform_code: int, qform: np.ndarray, qform_code: int, version: int = 1) -> Path:
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    voxels = np.random.default_rng(0).normal(100, 10, (6, 7, 8)).astype(np.float32)
    image = kind(voxels, None)
    image.set_sform(sform, sform_code)
    image.set_qform(qform, qform_code)
    nibabel.save(image, path)
    return path


def _segment(scan: Path, output_dir: Path) -> Path:
    image = LoadScand("image")({"image": str(scan)})["image"]
    pred = MetaTensor((image > image.mean()).float(), meta=image.meta)
    SaveSegmentationd("pred", str(output_dir))({"pred": pred})
    return output_dir / f"{scan.name.split('.')[0]}_seg.nii.gz"


def _place_in_itk(file: Path) -> str:
    """Spacing, origin and direction; ITK takes no sheared sform where there is no qform."""
    try:
        image = itk.imread(str(file))
    except RuntimeError:
        return "refused"
    return str(
        (list(itk.spacing(image)), list(itk.origin(image)), itk.array_from_matrix(image.GetDirection()).tolist())
    )


@pytest.mark.parametrize(
    ("sform_code", "qform_code", "sform"),
    [
        (sform_code, qform_code, sform)
        for sform_code, qform_code in itertools.product((0, 1, 2, 4), (0, 1, 3))
        for sform in (_OBLIQUE, _MOVED, _SHEARED)
    ],
)
def test_header_is_the_scans_own(tmp_path: Path, sform_code: int, qform_code: int, sform: np.ndarray) -> None:
    scan = _scan(tmp_path / "a.nii.gz", sform, sform_code, _OBLIQUE, qform_code)
    file = _segment(scan, tmp_path / "out")
    theirs, ours = nibabel.load(scan), nibabel.load(file)
    for matrix in ("sform", "qform"):
        expected, code = getattr(theirs, f"get_{matrix}")(coded=True)
        found, found_code = getattr(ours, f"get_{matrix}")(coded=True)
        assert found_code == code
        assert (expected is None and found is None) or np.array_equal(found, expected)
    assert np.array_equal(ours.affine, theirs.affine)
    assert ours.get_data_dtype() == np.uint8
    assert _place_in_itk(file) == _place_in_itk(scan)


def test_sides_are_a_guess(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _segment(_scan(tmp_path / "a.nii.gz", _OBLIQUE, 0, _OBLIQUE, 0), tmp_path)
    assert f"{tmp_path / 'a.nii.gz'}: sform and qform have code 0" in caplog.text


def test_double_precision_of_nifti2(tmp_path: Path) -> None:
    sform = _OBLIQUE + np.array([*[[0, 0, 0, 1e-12]] * 3, [0] * 4])
    file = _segment(_scan(tmp_path / "a.nii", sform, 1, _OBLIQUE, 1, version=2), tmp_path)
    assert np.array_equal(nibabel.load(file).get_sform(), sform)


def test_scan_that_is_no_nifti(tmp_path: Path) -> None:
    nibabel.save(
        nibabel.MGHImage(np.random.default_rng(0).random((6, 7, 8)).astype(np.float32), _OBLIQUE), tmp_path / "a.mgz"
    )
    file = _segment(tmp_path / "a.mgz", tmp_path)
    np.testing.assert_allclose(nibabel.load(file).affine, _OBLIQUE, atol=1e-5)


def test_monai_label_leaves_it_out() -> None:
    assert isinstance(SaveSegmentationd("pred", "out"), SaveImaged)
