"""Headers of DICOM files, each read once in a process.

Case list, loader, report and DICOM SEG share what pydicom reads. No content of a file ends the process.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from monai.utils import optional_import

from .frames import ImageFrame, frames_of, text_of
from .integrity import lacks_pixels, nests_too_deeply

if TYPE_CHECKING:
    import pydicom
    from pydicom import Dataset
else:
    pydicom, _ = optional_import("pydicom")  # a network alone does not need it

__all__ = ["ImageHeader", "PixelFormat", "read_header"]

DICOM_SUFFIXES = (".dcm", ".ima", ".dicom")
LEADS_NOWHERE, NOT_WRITTEN = "a link that leads nowhere", "empty"

_CACHED_HEADERS = 2**16
_DEFERRED_BYTES = 1024
_MAIN_HEADER = 132  # preamble and mark
_SERIES_UID = 0x0020000E
_MOST_FRAMES = 2**16
_LARGEST_SIDE = 2**14
_KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SeriesDescription",
    "SeriesNumber",
    "InstanceNumber",
    "Modality",
    "ImageType",
    "PhotometricInterpretation",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "NumberOfFrames",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "Rows",
    "Columns",
    "PixelData",
)
# Modality of an image whose anonymiser emptied it, by the first words of its SOP class
_MODALITIES = {
    "CT Image": "CT",
    "Enhanced CT": "CT",
    "Legacy Converted Enhanced CT": "CT",
    "MR Image": "MR",
    "Enhanced MR": "MR",
    "Legacy Converted Enhanced MR": "MR",
}


@dataclass(frozen=True)
class PixelFormat:
    """How the pixels of an image are stored.

    Args:
        syntax: UID of the transfer syntax.
        offset: of the pixels in the file, in bytes, 0 where they are compressed.
        length: of the pixels, in bytes.
        allocated: bits of a value in the file.
        stored: those of them that are used.
        high: number of the highest bit used.
        signed: whether values may be negative.
    """

    syntax: str
    offset: int
    length: int
    allocated: int
    stored: int
    high: int
    signed: bool


@dataclass(frozen=True, eq=False)
class ImageHeader:
    """What the header of a file says about its image, or why there is none to use.

    Args:
        file: the file.
        damage: why the file cannot be read, empty when it can.
        study: the study instance UID.
        uid: the series instance UID.
        instance: the SOP instance UID.
        kind: name of the SOP class.
        description: the series description.
        modality: for example ``"CT"``.
        number: the series number.
        instance_number: the instance number.
        image_type: DICOM's Image Type, upper case.
        photometric: DICOM's Photometric Interpretation.
        size: rows and columns.
        pixels: how the pixels are stored, None when there are none.
        frames: the slices.
        is_enhanced: whether functional groups place the frames.
    """

    file: Path
    damage: str = ""
    study: str = ""
    uid: str = ""
    instance: str = ""
    kind: str = ""
    description: str = ""
    modality: str = ""
    number: str = ""
    instance_number: str = ""
    image_type: tuple[str, ...] = ()
    photometric: str = ""
    size: tuple[int, int] = (0, 0)
    pixels: PixelFormat | None = None
    frames: tuple[ImageFrame, ...] = field(default=(), repr=False)
    is_enhanced: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether nothing but its name is there."""
        return self.damage in (LEADS_NOWHERE, NOT_WRITTEN)

    @property
    def is_localizer(self) -> bool:
        """Whether it is marked as a scout view."""
        return any("LOCALIZER" in part for part in self.image_type)

    @property
    def is_mosaic(self) -> bool:
        """Whether it shows many slices side by side."""
        return "MOSAIC" in self.image_type

    @property
    def is_capture(self) -> bool:
        """Whether it is a picture of a screen or a page."""
        return "Secondary Capture" in self.kind

    @property
    def is_colour(self) -> bool:
        """Whether its pixels are colours."""
        return not self.photometric.startswith("MONOCHROME")


def read_header(file: Path) -> ImageHeader | None:
    """The header of a DICOM file, or of a link that leads nowhere, or None for any other file.

    A process reads each file once: all searches of a run share the headers until a file changes.
    """
    try:
        status = file.stat()
    except OSError:
        return ImageHeader(file, LEADS_NOWHERE) if file.is_symlink() else None
    return _parse_header(file, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=_CACHED_HEADERS)
def _parse_header(file: Path, size: int, mtime_ns: int) -> ImageHeader | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values that no check needs
            return _parse(file, size)
    except Exception as error:  # pydicom reads values when they are asked for, with errors of many types
        return ImageHeader(file, _reason(error))


def _parse(file: Path, size: int) -> ImageHeader | None:
    damage = ""
    try:
        # the pixels stay unread, only their place in the file is known
        header: Dataset = pydicom.dcmread(file, specific_tags=list(_KEYWORDS), defer_size=_DEFERRED_BYTES)
        if not len(header):  # pydicom gives nothing of a file that ends within an element
            damage = "damaged or cut short"
            header = _start_of_header(file)
    except pydicom.errors.InvalidDicomError:
        return ImageHeader(file, NOT_WRITTEN) if _was_never_written(file) else None
    except Exception as error:
        damage = _reason(error)
        header = _start_of_header(file)
    if header.file_meta.get("MediaStorageSOPClassUID") == pydicom.uid.MediaStorageDirectoryStorage:
        return None
    return _image(header, file, size, damage)


def _was_never_written(file: Path) -> bool:
    """Whether a copy of a DICOM file has its name and no content."""
    with file.open("rb") as stream:
        return file.suffix.lower() in DICOM_SUFFIXES and not any(stream.read(_MAIN_HEADER))


def _start_of_header(file: Path) -> Dataset:
    """The header up to the UID of the series, which names the series that a damaged file belongs to."""
    with file.open("rb") as stream:
        return pydicom.filereader.read_partial(stream, lambda tag, vr, length: tag > _SERIES_UID)


def _reason(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "cannot be read, permission denied"
    if isinstance(error, RecursionError):
        return "its header nests sequences too deeply"
    return f"damaged or cut short ({type(error).__name__})"


def _image(header: Dataset, file: Path, size: int, damage: str) -> ImageHeader:
    kind = _kind(header)
    modality = text_of(header, "Modality").upper() or next(
        (name for words, name in _MODALITIES.items() if kind.startswith(words)), ""
    )
    count = _count(header, "NumberOfFrames", 1)
    rows, columns = _count(header, "Rows", 0), _count(header, "Columns", 0)
    samples = _count(header, "SamplesPerPixel", 1)
    has_pixels = "PixelData" in header and rows > 0 and columns > 0
    if not damage:
        if not has_pixels:
            damage = "cut short, it has no pixels" if kind.startswith(tuple(_MODALITIES)) else ""
        elif max(rows, columns) > _LARGEST_SIDE or count > _MOST_FRAMES:
            damage = f"damaged, its header promises {count} frames of {rows} x {columns} pixels"
        elif lacks_pixels(header, size):
            damage = "cut short, pixels are missing"
        elif nests_too_deeply(header, file):
            damage = "its header nests sequences too deeply"
    is_usable = has_pixels and not damage
    return ImageHeader(
        file,
        damage,
        study=text_of(header, "StudyInstanceUID"),
        uid=text_of(header, "SeriesInstanceUID"),
        instance=text_of(header, "SOPInstanceUID"),
        kind=kind,
        description=text_of(header, "SeriesDescription"),
        modality=modality,
        number=text_of(header, "SeriesNumber"),
        instance_number=text_of(header, "InstanceNumber"),
        image_type=tuple(text_of(header, "ImageType").upper().split("\\")),
        photometric=text_of(header, "PhotometricInterpretation") or ("RGB" if samples > 1 else "MONOCHROME2"),
        size=(rows, columns),
        pixels=_pixel_format(header) if is_usable else None,
        frames=frames_of(header, count) if is_usable else (),
        is_enhanced="PerFrameFunctionalGroupsSequence" in header or "SharedFunctionalGroupsSequence" in header,
    )


def _kind(header: Dataset) -> str:
    uid = text_of(header, "SOPClassUID") or str(header.file_meta.get("MediaStorageSOPClassUID") or "")
    return pydicom.uid.UID(uid).name


def _count(header: Dataset, keyword: str, default: int) -> int:
    try:
        return max(int(header.get(keyword) or default), default)
    except Exception:  # no number, or several
        return default


def _pixel_format(header: Dataset) -> PixelFormat:
    element = header.get_item("PixelData", keep_deferred=True)
    syntax = header.file_meta.get("TransferSyntaxUID") or pydicom.uid.ImplicitVRLittleEndian
    allocated = _count(header, "BitsAllocated", 1)
    stored = _count(header, "BitsStored", 0) or allocated
    is_native = syntax in (
        pydicom.uid.ImplicitVRLittleEndian,
        pydicom.uid.ExplicitVRLittleEndian,
        pydicom.uid.ExplicitVRBigEndian,
    )
    return PixelFormat(
        syntax=str(syntax),
        offset=element.value_tell if is_native and hasattr(element, "value_tell") else 0,
        length=element.length if is_native and hasattr(element, "length") else 0,
        allocated=allocated,
        stored=stored,
        high=_count(header, "HighBit", 0) or stored - 1,
        signed=text_of(header, "PixelRepresentation") == "1",
    )
