"""A segmentation lies on its scan for nibabel and for ITK, whatever the header of the scan says."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import itk
import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import SaveImaged

from monai_scse.transforms import NUMBERS_KEY, LoadScand, SaveSegmentationd

_OBLIQUE = nibabel.affines.from_matvec(
    nibabel.eulerangles.euler2mat(0.1, -0.2, 0.3) @ np.diag([0.9, 1.1, 2.5]), [-31.25, 12.5, 7.125]
)
_SHEARED = _OBLIQUE @ np.array([[1, 0, 0, 0], [0, 1, 0.4, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
_MOVED = nibabel.affines.from_matvec(np.eye(3), [0, 23, -5]) @ _OBLIQUE


def _scan(path: Path, sform: np.ndarray, sform_code: int, qform: np.ndarray, qform_code: int, version: int = 1) -> Path:
    kinds = {1: nibabel.Nifti1Image, 2: nibabel.Nifti2Image}
    kind = nibabel.Nifti1Pair if path.suffix == ".img" else kinds[version]
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
    """Spacing, origin and direction. ITK takes no sheared sform where there is no qform."""
    try:
        image = itk.imread(str(file))
    except RuntimeError:
        return "refused"
    return str(
        (list(itk.spacing(image)), list(itk.origin(image)), itk.array_from_matrix(image.GetDirection()).tolist())
    )


@pytest.mark.parametrize(
    ("sform_code", "qform_code", "sform", "name", "version"),
    [
        (*codes, sform, "a.nii.gz", 1)
        for codes in itertools.product(range(5), range(5))
        for sform in (_OBLIQUE, _MOVED, _SHEARED)
    ]
    + [(*codes, _SHEARED, *kind) for codes in ((0, 1), (1, 0), (2, 4)) for kind in (("a.nii", 2), ("a.img", 1))],
)
@pytest.mark.situation(
    "A NIfTI scan with any codes, with sform and qform equal, different (SPM), or a shear in the sform (tilted gantry)",
    "its segmentation has both matrices and codes to the last bit, and lies on it in nibabel and in ITK",
)
def test_header_is_the_scans_own(
    tmp_path: Path, sform_code: int, qform_code: int, sform: np.ndarray, name: str, version: int
) -> None:
    scan = _scan(tmp_path / name, sform, sform_code, _OBLIQUE, qform_code, version)
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


@pytest.mark.parametrize("name", ["a.nii.gz", "a.img", "a.mgz", "a.nrrd"])
@pytest.mark.situation(
    "A scan that does not say its sides: sform and qform with code 0, Analyze, MGH or NRRD without orientation",
    "segmented, and the log says that right and left are a guess",
)
def test_sides_are_a_guess(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    scan = tmp_path / name
    voxels = np.random.default_rng(0).random((6, 7, 8)).astype(np.float32)
    if name == "a.nii.gz":
        _scan(scan, _OBLIQUE, 0, _OBLIQUE, 0)
    elif name == "a.img":
        nibabel.save(nibabel.AnalyzeImage(voxels, None), scan)
    elif name == "a.mgz":
        nibabel.save(nibabel.MGHImage(voxels, np.eye(4)), scan)
        content = bytearray(gzip.decompress(scan.read_bytes()))
        content[28:30] = b"\0\0"  # goodRASFlag
        scan.write_bytes(gzip.compress(content))
    else:
        start = b"NRRD0004\ntype: float\ndimension: 3\nsizes: 6 7 8\nspacings: 1 1 2\nencoding: raw\nendian: little\n\n"
        scan.write_bytes(start + voxels.tobytes())
    _segment(scan, tmp_path)
    assert f"{scan}: " in caplog.text
    assert "so its right and left sides are a guess." in caplog.text


def _places(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return nibabel.affines.apply_affine(matrix, points)


def _itk_places(points: np.ndarray, file: Path) -> np.ndarray:
    """Where ITK sees voxels, in RAS."""
    image = itk.imread(str(file), itk.F)
    return np.array([image.TransformIndexToPhysicalPoint([int(i) for i in point]) for point in points]) * [-1, -1, 1]


@pytest.mark.parametrize("name", ["a.nii.gz", "a.img", "a.mgz", "a.nrrd", "a.mha"])
@pytest.mark.situation(
    "A scan in any format, oblique", "each labelled voxel lies where the scan has it, in nibabel and in ITK"
)
def test_labelled_voxels_lie_in_the_scan(tmp_path: Path, name: str) -> None:
    scan = tmp_path / name
    voxels = np.random.default_rng(0).random((6, 7, 8)).astype(np.float32)
    if name == "a.mgz":
        nibabel.save(nibabel.MGHImage(voxels, _OBLIQUE), scan)
    elif name in ("a.nii.gz", "a.img"):
        _scan(scan, _OBLIQUE, 1, _OBLIQUE, 1)
    else:
        source = _scan(tmp_path / "source.nii.gz", _OBLIQUE, 1, _OBLIQUE, 1)
        itk.imwrite(itk.imread(str(source)), str(scan))
    file = _segment(scan, tmp_path / "out")
    labelled = np.argwhere(np.asarray(nibabel.load(file).dataobj))
    assert len(labelled) > 50
    found = _places(labelled, nibabel.load(file).affine), _itk_places(labelled, file)
    if name not in ("a.nrrd", "a.mha"):
        np.testing.assert_allclose(found[0], _places(labelled, nibabel.load(scan).affine), atol=1e-4)
    if name != "a.mgz":
        np.testing.assert_allclose(found[1], _itk_places(labelled, scan), atol=1e-4)
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    np.testing.assert_allclose(found[0], _places(labelled, _OBLIQUE), atol=1e-3)


def test_double_precision_of_nifti2(tmp_path: Path) -> None:
    sform = _OBLIQUE + np.array([*[[0, 0, 0, 1e-12]] * 3, [0] * 4])
    file = _segment(_scan(tmp_path / "a.nii", sform, 1, _OBLIQUE, 1, version=2), tmp_path)
    assert np.array_equal(nibabel.load(file).get_sform(), sform)


@pytest.mark.situation(
    "A scan is segmented again, with other options than before", "no report or table of the earlier segmentation stays"
)
def test_what_was_made_of_an_earlier_segmentation_goes(tmp_path: Path) -> None:
    scan = _scan(tmp_path / "a.nii.gz", _OBLIQUE, 1, _OBLIQUE, 1)
    out = tmp_path / "out"
    _segment(scan, out)
    made = [f"{case}{end}" for case in "ab" for end in ("_volumes.csv", "_report.html", "_aseg.stats", "_overlay.png")]
    for name in [*made, "a.seg.nrrd", "a_report.htm"]:  # Slicer's user may have drawn the first, no run wrote the last
        (out / name).write_text("earlier")
    _segment(scan, out)
    left = {file.name for file in out.iterdir()}
    assert left == {"a_seg.nii.gz", "a.seg.nrrd", "a_report.htm", *(name for name in made if name.startswith("b"))}


def test_files_of_a_user_stay_where_no_table_says_that_a_run_wrote_them(tmp_path: Path) -> None:
    scan = _scan(tmp_path / "a.nii.gz", _OBLIQUE, 1, _OBLIQUE, 1)
    (tmp_path / "a_report.html").write_text("of a radiologist")
    _segment(scan, tmp_path)
    assert (tmp_path / "a_report.html").is_file()


def test_scan_that_is_no_nifti(tmp_path: Path) -> None:
    nibabel.save(
        nibabel.MGHImage(np.random.default_rng(0).random((6, 7, 8)).astype(np.float32), _OBLIQUE), tmp_path / "a.mgz"
    )
    file = _segment(tmp_path / "a.mgz", tmp_path)
    np.testing.assert_allclose(nibabel.load(file).affine, _OBLIQUE, atol=1e-5)


def test_monai_label_leaves_it_out() -> None:
    assert isinstance(SaveSegmentationd("pred", "out"), SaveImaged)


def test_numbers_of_the_classes(tmp_path: Path) -> None:
    classes = torch.arange(24).reshape(1, 2, 3, 4) % 4
    pred = MetaTensor(classes.float(), affine=torch.eye(4), meta={"filename_or_obj": "a.nii.gz"})
    saved = SaveSegmentationd("pred", str(tmp_path), numbers=[0, 2, 41, 251])({"pred": pred})["pred"]
    voxels = np.asarray(nibabel.load(tmp_path / "a_seg.nii.gz").dataobj)
    assert voxels.dtype == np.uint8
    np.testing.assert_array_equal(voxels, np.array([0, 2, 41, 251])[classes[0]])
    np.testing.assert_array_equal(saved, classes)  # pictures and tables go on with the class indices
    assert saved.meta[NUMBERS_KEY] == [0, 2, 41, 251]
    assert NUMBERS_KEY not in pred.meta


def test_class_indices_as_numbers_need_no_note(tmp_path: Path) -> None:
    pred = MetaTensor(torch.ones(1, 2, 3, 4), affine=torch.eye(4), meta={"filename_or_obj": "a.nii.gz"})
    saved = SaveSegmentationd("pred", str(tmp_path), numbers=range(3))({"pred": pred})["pred"]
    assert NUMBERS_KEY not in saved.meta
    assert set(np.unique(nibabel.load(tmp_path / "a_seg.nii.gz").dataobj)) == {1}
