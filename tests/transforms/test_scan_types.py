"""Scans as other programs write them: voxel types, headers and containers that are rare."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.scan_files import AFFINE, VOLUME, loaded, nifti, refusal, situation


@pytest.mark.parametrize(
    "kind",
    [
        situation("A NIfTI scan of 8-bit signed voxels", "read", "int8"),
        situation("A NIfTI scan of 64-bit voxels", "read", "int64"),
        situation("A NIfTI scan of 64-bit unsigned voxels", "read", "uint64"),
        situation("A NIfTI scan in double precision", "read", "float64"),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_voxel_type(tmp_path: Path, kind: str, order: str) -> None:
    volume = (VOLUME % 100).astype(kind)
    image = nibabel.Nifti1Image(volume, AFFINE, nibabel.Nifti1Header(endianness=order), dtype=kind)
    nibabel.save(image, tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(loaded(tmp_path / "a.nii.gz")[0], VOLUME % 100)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        situation(
            "A NIfTI scan with a voxel type that the format does not know",
            "refused, its header is to be corrected",
            {"datatype": 16384},
            "a.nii: cannot be read as an image (data code 16384 not recognized); correct the header.",
        ),
        situation(
            "A NIfTI scan of half precision, which the format does not have",
            "refused, its header is to be corrected",
            {"datatype": -16},
            "a.nii: cannot be read as an image (data code -16 not recognized); correct the header.",
        ),
        situation(
            "A NIfTI scan with an intercept of NaN",
            "refused, its header is to be corrected",
            {"scl_slope": 2, "scl_inter": np.nan},
            "a.nii: cannot be read as an image (Valid slope but invalid intercept nan); correct the header.",
        ),
    ],
)
def test_header_that_nobody_reads(tmp_path: Path, header: dict, expected: str) -> None:
    assert refusal(nifti(tmp_path / "a.nii", **header)) == expected


@pytest.mark.parametrize(
    ("slope", "intercept"),
    [
        situation("A NIfTI scan with a slope of 0", "read as stored", 0, 7),
        situation("A NIfTI scan with a slope of NaN", "read as stored", np.nan, 7),
    ],
)
def test_slope_that_says_none(tmp_path: Path, slope: float, intercept: float) -> None:
    file = nifti(tmp_path / "a.nii", scl_slope=slope, scl_inter=intercept)
    np.testing.assert_array_equal(loaded(file)[0], VOLUME)


@pytest.mark.situation("A NIfTI scan with a negative slope", "read with its sign")
def test_negative_slope(tmp_path: Path) -> None:
    file = nifti(tmp_path / "a.nii", scl_slope=-2, scl_inter=3)
    np.testing.assert_array_equal(loaded(file)[0], VOLUME * -2.0 + 3)


def _zipped(file: Path, content: bytes) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.nii", content)


def _tar(file: Path, content: bytes) -> None:
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo("a.nii")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        situation("A zip archive named .nii.gz", "refused: unpack it", _zipped, "a zip archive; unpack it first."),
        situation("A tar archive named .nii.gz", "refused: unpack it", _tar, "a tar archive; unpack it first."),
    ],
)
def test_archive_named_as_a_scan(tmp_path: Path, pack, expected: str) -> None:
    content = nifti(tmp_path / "b.nii").read_bytes()
    pack(tmp_path / "a.nii.gz", content)
    assert refusal(tmp_path / "a.nii.gz") == f"a.nii.gz: cannot be read as an image, {expected}"


@pytest.mark.situation("A gzip file within a gzip file, compressed twice", "refused: unpack it")
def test_compressed_twice(tmp_path: Path) -> None:
    file = nifti(tmp_path / "a.nii.gz")
    file.write_bytes(gzip.compress(file.read_bytes()))
    assert refusal(file) == "a.nii.gz: cannot be read as an image, compressed twice; unpack it first."


@pytest.mark.parametrize("axes", [(-1, 1, 1), (-1, -1, 1), (1, -1, -1)])
@pytest.mark.situation("A NIfTI scan whose affine is left-handed", "its voxels and its place are those of the file")
def test_handedness(tmp_path: Path, axes: tuple[int, int, int]) -> None:
    affine = AFFINE @ np.diag([*axes, 1])
    image = loaded(nifti(tmp_path / "a.nii", affine=affine))
    np.testing.assert_array_equal(image.affine, affine)
    np.testing.assert_array_equal(image[0], VOLUME)


@pytest.mark.situation("A NIfTI scan with negative voxel sizes", "read: the sform says where it lies")
def test_negative_voxel_size(tmp_path: Path) -> None:
    image = loaded(nifti(tmp_path / "a.nii", pixdim=[-1, -2, -3, -4, 1, 0, 0, 0]))
    np.testing.assert_array_equal(image.affine, AFFINE)


@pytest.mark.situation(
    "A NIfTI scan whose affine and voxel size disagree: 1 mm in the sform, 0.5 mm in pixdim",
    "segmented, and the log says that volumes follow the affine",
    source="reported by users of FastSurfer",
)
def test_sform_of_another_size(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = nifti(tmp_path / "a.nii", affine=np.eye(4), pixdim=[1, 0.5, 0.5, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(loaded(file).affine, np.eye(4))
    assert (
        f"{file}: a voxel has 1 cubic mm by the affine and 0.25 by its size, 0.5 x 0.5 x 1 mm. "
        "Volumes follow the affine, check the header."
    ) in caplog.messages
    caplog.clear()
    loaded(nifti(tmp_path / "b.nii"))
    assert "by the affine" not in caplog.text
