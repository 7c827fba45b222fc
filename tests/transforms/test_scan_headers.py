"""Headers of no scan of a body: one line that names what they are, before the voxels are read."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dicom_files import write_dicom_series
from support.scan_files import AFFINE, VOLUME, loaded, nifti, refusal, situation


def _singular() -> np.ndarray:
    affine = AFFINE.copy()
    affine[:3, 2] = affine[:3, 1]
    return affine


def _with_nan() -> np.ndarray:
    affine = AFFINE.copy()
    affine[0, 3] = np.nan
    return affine


@pytest.mark.parametrize(
    ("affine", "header", "expected"),
    [
        situation(
            "A NIfTI scan whose affine is in metres",
            "refused with its voxel size, before its voxels are read",
            AFFINE @ np.diag([0.001, 0.001, 0.001, 1]),
            {},
            "a.nii: voxels of 0.002 x 0.003 x 0.004 mm: no scan has such, the affine may be in metres; convert "
            "it to mm.",
        ),
        situation(
            "A NIfTI scan whose affine is in micrometres",
            "refused with its voxel size, before its voxels are read",
            AFFINE @ np.diag([1000, 1000, 1000, 1]),
            {},
            "a.nii: voxels of 2000 x 3000 x 4000 mm: no scan has such, the affine may be in micrometres; convert "
            "it to mm.",
        ),
        situation(
            "A NIfTI scan whose header says that its lengths are in metres",
            "refused, naming the unit",
            AFFINE,
            {"xyzt_units": 1},
            "a.nii: its header gives lengths in metres (voxels of 2 x 3 x 4); convert the affine and the units to mm.",
        ),
        situation(
            "A NIfTI scan whose header says that its lengths are in micrometres",
            "refused, naming the unit",
            AFFINE,
            {"xyzt_units": 3 + 8},
            "a.nii: its header gives lengths in micrometres (voxels of 2 x 3 x 4); convert the affine and the units to "
            "mm.",
        ),
        situation(
            "A NIfTI scan whose affine is singular",
            "refused with its voxel size",
            _singular(),
            {},
            "a.nii: voxels of 2 x 3 x 3 mm: the affine is singular, its axes span no volume; correct the header.",
        ),
        situation(
            "A NIfTI scan whose sform is all zeros",
            "refused with its voxel size",
            AFFINE,
            {"srow_x": 0, "srow_y": 0, "srow_z": 0},
            "a.nii: voxels of 0 x 0 x 0 mm: the affine is singular, its axes span no volume; correct the header.",
        ),
        situation(
            "A NIfTI scan whose affine holds NaN",
            "refused with its voxel size",
            _with_nan(),
            {},
            "a.nii: voxels of 2 x 3 x 4 mm: the affine holds NaN or infinite values; correct the header.",
        ),
        situation(
            "A NIfTI scan with a voxel size of 0",
            "refused with its voxel size",
            AFFINE,
            {"pixdim": [1, 2, 0, 4, 1, 1, 1, 1]},
            "a.nii: a voxel size of 2 x 0 x 4 mm, for 8 x 9 x 10 voxels; correct the header.",
        ),
        situation(
            "A NIfTI scan with a voxel size of NaN",
            "refused with its voxel size",
            AFFINE,
            {"pixdim": [1, 2, np.nan, 4, 1, 1, 1, 1]},
            "a.nii: a voxel size of 2 x nan x 4 mm, for 8 x 9 x 10 voxels; correct the header.",
        ),
        situation(
            "A NIfTI file whose header promises 1e12 voxels",
            "refused by the size of the file, before memory is asked for",
            AFFINE,
            {"dim": [3, 10000, 10000, 10000, 1, 1, 1, 1]},
            "a.nii: cut short, its header promises 10000 x 10000 x 10000 voxels (2,000,000,000,352 bytes), "
            "the file has 1,792 bytes; copy or write it again.",
        ),
        situation(
            "A NIfTI scan with an axis of no voxels",
            "refused with its shape",
            AFFINE,
            {"dim": [3, 8, 0, 10, 1, 1, 1, 1]},
            "a.nii: has no voxels, its shape is (8, 0, 10); write the file again.",
        ),
    ],
)
def test_header_of_no_scan(tmp_path: Path, affine: np.ndarray, header: dict[str, Any], expected: str) -> None:
    assert refusal(nifti(tmp_path / "a.nii", affine=affine, **header)) == expected


@pytest.mark.situation("A head of 1.7 m, by its header", "refused with its size: no head is larger than 0.5 m")
def test_larger_than_a_head(tmp_path: Path) -> None:
    file = nifti(tmp_path / "a.nii", np.ones((43, 43, 4), np.int16), np.diag([40.0, 40, 5, 1]))
    assert "is 1720 x 1720 x 20 mm large, at most 500 mm are possible here; check its voxel size" in refusal(
        file, max_size_mm=500
    )
    assert refusal(nifti(tmp_path / "b.nii"), min_slices=9).startswith("b.nii: 8 slices of shape (8, 9, 10), the ")


@pytest.mark.situation(
    "A DICOM series of 1.7 m in the brain bundle", "refused with its size, before its pixels are read"
)
def test_series_larger_than_a_head(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "series", np.ones((43, 40, 6), np.int16), (40.0, 40.0, 5.0))
    assert "is 1720 x 1600 x 30 mm large, at most 500 mm" in refusal(tmp_path / "series", max_size_mm=500)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mha"])
@pytest.mark.situation(
    "A compressed NIfTI, NRRD or MetaImage file whose header promises 1e12 voxels", "refused at once"
)
def test_promise_of_any_format(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    if name == "a.nii.gz":
        big = nifti(tmp_path / "a.nii", dim=[3, 10000, 10000, 10000, 1, 1, 1, 1])
        file.write_bytes(gzip.compress(big.read_bytes()))
    elif name == "a.nrrd":
        file.write_bytes(
            b"NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 10000 10000 10000\n"
            b"space directions: (1,0,0) (0,1,0) (0,0,1)\nendian: little\nencoding: raw\nspace origin: (0,0,0)\n\n00"
        )
    else:
        file.write_bytes(
            b"ObjectType = Image\nNDims = 3\nBinaryData = True\nElementSpacing = 1 1 1\nDimSize = 10000 10000 10000\n"
            b"ElementType = MET_SHORT\nElementDataFile = LOCAL\n00"
        )
    assert "its header promises 10000 x 10000 x 10000 voxels" in refusal(file)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("space directions: (1,0,0) (0,0,0) (0,0,1)", "a.nrrd: a voxel size of 1 x 0 x 1 mm, for 4 x 4 x 4 voxels"),
        ("space directions: (.001,0,0) (0,.001,0) (0,0,.001)", "the affine may be in metres; convert"),
        ("space directions: (1,0,0) (1,0,0) (0,0,1)", "the affine is singular"),
    ],
)
@pytest.mark.situation("A NRRD scan in metres, with a voxel size of 0, or with two axes alike", "refused in one line")
def test_header_of_nrrd(tmp_path: Path, header: str, expected: str) -> None:
    start = "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 4 4\nencoding: raw\n"
    (tmp_path / "a.nrrd").write_bytes(
        f"{start}{header}\nendian: little\nspace origin: (0,0,0)\n\n".encode() + b"\1" * 128
    )
    assert expected in refusal(tmp_path / "a.nrrd")


RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
RGBA = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1"), ("A", "u1")])


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        situation(
            "A NIfTI file of colours, RGB", "refused, naming it", np.zeros((8, 9, 10), RGB), "holds colours (RGB)"
        ),
        situation("A NIfTI file of colours, RGBA", "refused, naming it", np.zeros((8, 9, 10), RGBA), "holds colours"),
        situation(
            "A NIfTI file of complex numbers", "refused, naming it", VOLUME * 1j, "complex numbers, not one grey "
        ),
        situation(
            "A NIfTI file of several volumes, such as a time series",
            "refused with their number",
            np.stack([VOLUME] * 3, axis=-1),
            "expected one 3D volume, got the shape (8, 9, 10, 3), which holds 3 volumes (times, echoes or "
            "contrasts); split it first.",
        ),
        situation(
            "A NIfTI file of vectors, such as a displacement field",
            "refused with their length",
            np.stack([VOLUME] * 3, axis=-1)[:, :, :, None],
            "got the shape (8, 9, 10, 1, 3), which holds 3 values a voxel (a vector or tensor image); give the",
        ),
        situation(
            "A NIfTI file of a single slice", "refused", VOLUME[:, :, 0], "the shape (8, 9), a single slice; give"
        ),
    ],
)
def test_no_single_volume_of_grey_values(tmp_path: Path, volume: np.ndarray, expected: str) -> None:
    assert expected in refusal(nifti(tmp_path / "a.nii", volume))


@pytest.mark.parametrize("axes", [1, 2, 3, 4])
@pytest.mark.situation("A NIfTI file with one volume and 4 to 7 axes", "read as the volume")
def test_one_volume_of_many_axes(tmp_path: Path, axes: int) -> None:
    image = loaded(nifti(tmp_path / "a.nii", VOLUME[(..., *([None] * axes))]))
    np.testing.assert_array_equal(image[0], VOLUME)
    np.testing.assert_array_equal(image.affine, AFFINE)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.situation("A NRRD or MetaImage file with one volume and four axes", "read as the volume")
def test_one_volume_of_four_axes_by_itk(tmp_path: Path, suffix: str) -> None:
    itk = pytest.importorskip("itk")
    itk.imwrite(itk.image_from_array(np.ascontiguousarray(VOLUME.T[None].astype(np.float32))), tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(loaded(tmp_path / f"a{suffix}")[0], VOLUME)
    two = np.stack([VOLUME.T.astype(np.float32)] * 2)
    itk.imwrite(itk.image_from_array(two), tmp_path / f"b{suffix}")
    assert "which holds 2 volumes" in refusal(tmp_path / f"b{suffix}")
    itk.imwrite(itk.image_view_from_array(np.zeros((4, 5, 6, 3), np.uint8), is_vector=True), tmp_path / f"c{suffix}")
    assert "not one grey value a voxel" in refusal(tmp_path / f"c{suffix}")
