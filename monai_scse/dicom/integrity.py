"""What a DICOM file must fulfil before ITK may open it: all its pixels are there, and it nests no deeper than a limit.

GDCM, ITK's reader, calls itself for each level of a sequence. A file that nests deeply ends the process.
"""

from __future__ import annotations

import math
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from monai.utils import optional_import

if TYPE_CHECKING:
    import pydicom
    from pydicom import Dataset
else:
    pydicom, _ = optional_import("pydicom")  # a network alone does not need it

__all__ = ["UNDEFINED_LENGTH", "lacks_pixels", "nests_too_deeply"]

UNDEFINED_LENGTH = 0xFFFFFFFF  # of compressed pixels
_DEEPEST = 64
_ITEM = re.compile(rb"(?:\xfe\xff([\x00\x0d])\xe0|\xff\xfe\xe0([\x00\x0d]))(.{4})", re.DOTALL)  # either byte order
_MAIN_HEADER = 132  # preamble and mark
_LONGEST_INFLATED = 2**31


def lacks_pixels(header: Dataset, size: int) -> bool:
    """Whether the pixels of an image end before they should.

    Args:
        header: with Rows, Columns, SamplesPerPixel, BitsAllocated, NumberOfFrames and a deferred PixelData.
        size: of the file, in bytes.
    """
    pixels = header.get_item("PixelData", keep_deferred=True)
    if not isinstance(pixels, pydicom.dataelem.RawDataElement) or pixels.length == UNDEFINED_LENGTH:
        return False  # pydicom has found the end of compressed pixels
    bits = int(header.get("BitsAllocated") or 16) * int(header.get("SamplesPerPixel") or 1)
    values = int(header.Rows) * int(header.Columns) * int(header.get("NumberOfFrames") or 1)
    if pixels.length < values * bits // 8:
        return True
    if header.file_meta.get("TransferSyntaxUID") == pydicom.uid.DeflatedExplicitVRLittleEndian:
        return False  # positions count inflated bytes
    return pixels.value_tell + pixels.length > size


def nests_too_deeply(header: Dataset, file: Path) -> bool:
    """Whether the sequences in the header of an image hold one another more than 64 times.

    Args:
        header: with a deferred PixelData.
        file: where the header came from.
    """
    syntax = header.file_meta.get("TransferSyntaxUID")
    pixels = header.get_item("PixelData", keep_deferred=True)
    with file.open("rb") as stream:
        if syntax == pydicom.uid.DeflatedExplicitVRLittleEndian:
            # the group length, 12 bytes, counts what follows it up to the deflated part
            stream.seek(_MAIN_HEADER + 12 + int(header.file_meta.FileMetaInformationGroupLength))
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(stream.read(), _LONGEST_INFLATED)
        elif not isinstance(pixels, pydicom.dataelem.RawDataElement) or pixels.length == UNDEFINED_LENGTH:
            content = stream.read()
        else:
            content = stream.read(pixels.value_tell)
            stream.seek(pixels.length, os.SEEK_CUR)
            content += stream.read()
    order: Literal["little", "big"] = "big" if syntax == pydicom.uid.ExplicitVRBigEndian else "little"
    ends: list[float] = []
    for match in _ITEM.finditer(content):
        while ends and ends[-1] <= match.start():
            ends.pop()
        length = int.from_bytes(match[3], order)
        if b"\x0d" in (match[1], match[2]):  # the end of an item of undefined length
            while ends and ends.pop() != math.inf:
                pass
            continue
        ends.append(math.inf if length == UNDEFINED_LENGTH else match.end() + length)
        if len(ends) > _DEEPEST:
            return True
    return False
