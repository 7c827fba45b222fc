"""Files of other number types, scalings and compressions than their suffix says, and files that cannot be read."""

from __future__ import annotations

import gzip
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.scan_files import AFFINE, VOLUME, loaded, nifti, refusal, situation

KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")


@pytest.mark.parametrize(("kind", "order"), list(itertools.product(KINDS, "<>")))
@pytest.mark.situation("A NIfTI scan of any number type, little or big endian", "read as it is")
def test_number_types(tmp_path: Path, kind: str, order: str) -> None:
    volume = (VOLUME % 100).astype(kind)
    header = nibabel.Nifti1Header(endianness=order)
    header.set_data_dtype(volume.dtype)
    nibabel.save(nibabel.Nifti1Image(volume, AFFINE, header), tmp_path / "a.nii")
    assert nibabel.load(tmp_path / "a.nii").header.endianness == order
    np.testing.assert_array_equal(loaded(tmp_path / "a.nii")[0], volume.astype(np.float32))


@pytest.mark.parametrize(
    ("slope", "intercept", "factor"),
    [(0, 0, 1), (0, 5, 1), (np.nan, 0, 1), (np.nan, np.nan, 1), (np.inf, 0, 1), (2, 1, 2)],
)
@pytest.mark.situation("A NIfTI scan with scl_slope 0 or NaN", "read without scaling, as the standard says")
def test_scaling(tmp_path: Path, slope: float, intercept: float, factor: float) -> None:
    file = nifti(tmp_path / "a.nii", scl_slope=slope, scl_inter=intercept)
    np.testing.assert_array_equal(loaded(file)[0], VOLUME * factor + (factor > 1))


@pytest.mark.parametrize(("slope", "intercept"), [(1, np.nan), (1, np.inf)])
@pytest.mark.situation("A NIfTI scan whose scaling is not a number", "refused in one line")
def test_scaling_that_is_none(tmp_path: Path, slope: float, intercept: float) -> None:
    line = refusal(nifti(tmp_path / "a.nii", scl_slope=slope, scl_inter=intercept))
    assert "cannot be read as an image (" in line or "holds NaN or infinite values" in line


@pytest.mark.parametrize("code", [1, 1536, 999])
@pytest.mark.situation("A NIfTI file of bits, of 128-bit numbers or of an unknown type", "refused in one line")
def test_number_types_that_no_scan_has(tmp_path: Path, code: int) -> None:
    assert "cannot be read as an image (" in refusal(nifti(tmp_path / "a.nii", datatype=code))


def _swap_compression(file: Path) -> Path:
    content = file.read_bytes()
    file.write_bytes(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else gzip.compress(content))
    return file


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mgz", "a.mgh"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.situation(
    "A file named .nii that is compressed, or .nii.gz that is not; the same of .mgh and .mgz", "read by its content"
)
def test_suffix_that_names_another_compression(tmp_path: Path, name: str, version: int) -> None:
    nifti_kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    kind = nifti_kind if ".nii" in name else nibabel.MGHImage
    nibabel.save(kind(VOLUME, AFFINE), tmp_path / name)
    image = loaded(_swap_compression(tmp_path / name))
    np.testing.assert_array_equal(image[0], VOLUME)
    np.testing.assert_array_equal(image.affine, AFFINE)


def _missing(file: Path) -> None:
    file.unlink()


def _link(file: Path) -> None:
    file.unlink()
    file.symlink_to("../.git/annex/objects/aa")


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def _cut_in_the_header(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20])


def _damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)


def _lfs(file: Path) -> None:
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")


def _text(file: Path) -> None:
    file.write_text("<html><body>404: no such file</body></html>" * 20)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        situation("A scan that is gone when its turn comes", "refused in one line", _missing, "no such file; check"),
        situation(
            "A scan that is a link of git-annex or DataLad to nowhere",
            "refused with the command that fetches it",
            _link,
            "a link to ../.git/annex/objects/aa, which is not there; fetch it (git annex get, datalad get).",
            source="the issue",
        ),
        situation("A scan of 0 bytes", "refused in one line", _empty, "the file is empty (0 bytes); copy or write"),
        situation(
            "A compressed scan that is cut short",
            "refused in one line",
            _cut,
            "its compressed data are cut short; copy",
        ),
        situation(
            "A compressed scan that is cut within its header",
            "refused in one line",
            _cut_in_the_header,
            "cut short; copy",
        ),
        situation(
            "A compressed scan with a wrong byte", "refused in one line", _damaged, "compressed data are damaged;"
        ),
        situation(
            "A Git LFS pointer in place of a scan", "refused with the command that fetches it", _lfs, "git lfs pull"
        ),
        situation("A web page named as a scan", "refused in one line", _text, "cannot be read as an image ("),
    ],
)
def test_file_that_cannot_be_read(tmp_path: Path, spoil: Callable[[Path], None], expected: str) -> None:
    nibabel.save(nibabel.Nifti1Image(np.random.default_rng(0).random((20, 20, 20)), AFFINE), tmp_path / "a.nii.gz")
    spoil(tmp_path / "a.nii.gz")
    assert expected in refusal(tmp_path / "a.nii.gz")


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".mgz", ".img"])
@pytest.mark.parametrize("spoil", [_missing, _empty, _cut, _cut_in_the_header, _text])
@pytest.mark.situation("An empty, cut or foreign file named .nrrd, .mha, .mgz or .img", "refused in one line")
def test_other_formats_that_cannot_be_read(tmp_path: Path, suffix: str, spoil: Callable[[Path], None]) -> None:
    itk = pytest.importorskip("itk")
    file = tmp_path / f"a{suffix}"
    volume = np.random.default_rng(0).random((9, 9, 9)).astype(np.float32)
    if suffix in (".nrrd", ".mha"):
        itk.imwrite(itk.image_from_array(volume), str(file))
    else:
        nibabel.save((nibabel.MGHImage if suffix == ".mgz" else nibabel.Nifti1Pair)(volume, AFFINE), file)
    spoil(file)
    refusal(file)


@pytest.mark.situation("An .img file whose .hdr is not beside it", "refused, naming what is missing")
def test_half_a_pair(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Pair(VOLUME, AFFINE), tmp_path / "a.img")
    shutil.move(tmp_path / "a.hdr", tmp_path / "b.hdr")
    assert "its .hdr is not beside it; copy that too." in refusal(tmp_path / "a.img")
