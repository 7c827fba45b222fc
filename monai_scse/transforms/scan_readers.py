"""MONAI readers of image files that take the header as it is."""

from __future__ import annotations

import gzip
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from isal import isal_zlib
from monai.data import ImageReader, ITKReader, NibabelReader
from monai.utils import ensure_tuple

from ..runtime.files import is_lfs_pointer
from .nibabel_voxels import float32_voxels
from .scan_headers import ITK_SUFFIXES, NIBABEL_SUFFIXES, open_nibabel

__all__ = ["NibabelScanReader", "ITKScanReader", "reader_of", "unreadable_reason"]


class NibabelScanReader(NibabelReader):
    """Reads one volume as float32, its place from the sform, or from the qform when the sform has code 0.

    MONAI's ``NibabelReader``, the base class, replaces an sform whose axes have other lengths than the voxels. The
    sform of a tilted gantry, sheared, is such a one.
    """

    def read(self, data: Any, **kwargs: Any) -> Any:
        """Open the file. The voxels are read later."""
        self.filenames = ensure_tuple(data)
        return open_nibabel(self.filenames[0])

    def _get_array_data(self, img: Any, filename: Any) -> np.ndarray:
        volume = float32_voxels(img.dataobj)
        stream = img.file_map["image"].fileobj
        if isinstance(stream, gzip.GzipFile):  # its checksum stands at the end
            while stream.read(2**20):
                pass
        return volume.squeeze(axis=tuple(range(3, volume.ndim)))


class ITKScanReader(ITKReader):
    """Reads one volume as float32. MONAI's ``ITKReader``, the base class, keeps a fourth axis of one."""

    def read(self, data: Any, **kwargs: Any) -> Any:
        """Read the file."""
        import itk

        reader = itk.ImageFileReader[itk.Image[itk.F, 3]].New(FileName=str(ensure_tuple(data)[0]))
        reader.Update()
        return reader.GetOutput()


def reader_of(file: str) -> ImageReader | None:
    """The reader of an image file by its suffix, None for others.

    Args:
        file: path of the file.
    """
    name = file.lower()
    if name.endswith(NIBABEL_SUFFIXES):
        return NibabelScanReader()
    return ITKScanReader() if name.endswith(ITK_SUFFIXES) else None


def _container(start: bytes, file: Path) -> str:
    """What else a file is than an image: an archive, or compressed twice. Empty when it is neither."""
    if start.startswith(b"PK\3\4"):
        return "a zip archive"
    if start.startswith(b"\x1f\x8b"):
        with suppress(OSError, EOFError, zlib.error), gzip.open(file) as stream:
            start = stream.read(512)
            if start.startswith(b"\x1f\x8b"):
                return "compressed twice"
    return "a tar archive" if start[257:262] == b"ustar" else ""


def unreadable_reason(file: str, error: Exception) -> str:
    """Why a file cannot be read as an image, and the cure.

    Args:
        file: path of the file.
        error: what its reader said.
    """
    from nibabel.spatialimages import HeaderDataError

    path = Path(file)
    if path.is_symlink() and not path.exists():
        return f"a link to {os.readlink(path)}, which is not there; fetch it (git annex get, datalad get)."
    if not path.exists():
        return "cannot be read as an image, no such file; check the path."
    if isinstance(error, PermissionError):
        return "cannot be read as an image, permission denied; change its permissions."
    if path.is_file():
        with path.open("rb") as stream:
            start = stream.read(512)
        if not start:
            return "cannot be read as an image, the file is empty (0 bytes); copy or write it again."
        if is_lfs_pointer(start):
            return "cannot be read as an image, a pointer of Git LFS stands in its place; fetch it (git lfs pull)."
        if container := _container(start, path):
            return f"cannot be read as an image, {container}; unpack it first."
    if path.suffix.lower() == ".img" and not path.with_suffix(".hdr").exists():
        return "cannot be read as an image, its .hdr is not beside it; copy that too."
    if isinstance(error, EOFError):
        return "cannot be read as an image, its compressed data are cut short; copy or write it again."
    damaged = (gzip.BadGzipFile, zlib.error, isal_zlib.error)
    if isinstance(error, damaged):  # type: ignore[arg-type]  # the stubs of isal name an instance
        return "cannot be read as an image, its compressed data are damaged; copy or write it again."
    said = " ".join(str(error).split()).replace("; ", ", ").replace(str(path), path.name)
    cure = "correct the header" if isinstance(error, HeaderDataError) else "check that the file is complete"
    return f"cannot be read as an image ({said[:200]}); {cure}."
