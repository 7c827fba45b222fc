"""Headers of DICOM files, each read once in a process.

Case list, loader, report and DICOM SEG share what pydicom reads. ITK reads the pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from monai.utils import optional_import

if TYPE_CHECKING:
    import pydicom
    from pydicom import Dataset
else:
    pydicom, _ = optional_import("pydicom")  # a network alone does not need it

__all__ = ["SliceHeader", "read_header"]

_AXIAL = (1, 0, 0, 0, 1, 0)
_CACHED_HEADERS = 2**16
_DEFERRED_BYTES = 1024
_UNDEFINED_LENGTH = 0xFFFFFFFF  # of compressed pixels
_KEYWORDS = (
    "SeriesInstanceUID",
    "SeriesDescription",
    "SeriesNumber",
    "Modality",
    "ImageType",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelData",
)


@dataclass(frozen=True)
class SliceHeader:
    """What the header of a file says about its slice, with positions in mm, LPS."""

    file: Path
    uid: str
    description: str
    modality: str
    number: str
    localizer: bool
    placed: bool
    frames: int
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    grid: tuple[float, ...]  # rows, columns, pixel spacing

    @property
    def normal(self) -> np.ndarray:
        return np.cross(self.orientation[:3], self.orientation[3:])


def read_header(file: Path) -> SliceHeader | None:
    """The header of an image, ``placed`` when it has a place in space, or None for any other file.

    A process reads each file once: all searches of a run share the headers until a file changes.
    """
    status = file.stat()
    return _parse_header(file, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=_CACHED_HEADERS)
def _parse_header(file: Path, size: int, mtime_ns: int) -> SliceHeader | None:
    try:
        # the pixels stay unread, only their place in the file is known: stop_before_pixels would hide a truncated file
        header = pydicom.dcmread(file, specific_tags=list(_KEYWORDS), defer_size=_DEFERRED_BYTES)
    except Exception:  # pydicom raises errors of many types for files that are not DICOM or are damaged
        return None
    if not _has_pixels(header, size) or _text(header, "Modality") in ("SEG", "RTSTRUCT", "RTDOSE"):
        return None
    frames = int(header.get("NumberOfFrames") or 1)
    position = header.get("ImagePositionPatient")
    orientation = header.get("ImageOrientationPatient", _AXIAL)
    spacing = header.get("PixelSpacing") or (1, 1)
    return SliceHeader(
        file=file,
        uid=_text(header, "SeriesInstanceUID"),
        description=_text(header, "SeriesDescription"),
        modality=_text(header, "Modality"),
        number=_text(header, "SeriesNumber"),
        localizer="LOCALIZER" in _text(header, "ImageType").upper(),
        placed=frames > 1 or bool(position and orientation),
        frames=frames,
        position=_numbers(position or (0, 0, 0)),
        orientation=_numbers(orientation or _AXIAL),
        grid=_numbers((header.Rows, header.Columns, *spacing)),
    )


def _has_pixels(header: Dataset, size: int) -> bool:
    """Whether it is an image and the file of this many bytes holds all its pixels."""
    if not header.get("Rows") or not header.get("Columns"):
        return False
    pixels = header.get_item("PixelData", keep_deferred=True)
    if not isinstance(pixels, pydicom.dataelem.RawDataElement):
        return False
    if header.file_meta.get("TransferSyntaxUID") == pydicom.uid.DeflatedExplicitVRLittleEndian:
        return True  # positions count inflated bytes
    return pixels.length == _UNDEFINED_LENGTH or pixels.value_tell + pixels.length <= size


def _text(header: Dataset, keyword: str) -> str:
    value = header.get(keyword)
    parts = value if isinstance(value, pydicom.multival.MultiValue) else [value]
    return "\\".join("" if part is None else str(part) for part in parts).strip(" \0")


def _numbers(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
