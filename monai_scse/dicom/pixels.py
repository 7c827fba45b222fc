"""The values of a DICOM series as one volume."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from .headers import ImageHeader
from .series import DicomSeries

__all__ = ["read_volume"]

_PIXEL_KEYWORDS = (
    "SamplesPerPixel",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
)
_BIG_ENDIAN = "1.2.840.10008.1.2.2"


def read_volume(series: DicomSeries) -> np.ndarray:
    """The rescaled values, (columns, rows, slices), float32.

    ITK reads single-frame images. It takes the rescaling of one frame for all frames of an image, and turns the values
    of MONOCHROME1 images round. Such pixels are read as they are stored.
    """
    import itk

    rows, columns = series.slices[0].image.size
    volume = np.empty((len(series.slices), rows, columns), np.float32)
    places: dict[ImageHeader, list[int]] = defaultdict(list)
    for place, item in enumerate(series.slices):
        places[item.image].append(place)
    reader = None
    for image, of_image in places.items():
        if not _needs_stored_values(image):
            reader = reader or _gdcm_reader()
            reader.SetFileName(str(image.file))
            reader.Update()
            volume[of_image[0]] = itk.array_view_from_image(reader.GetOutput())
            continue
        stored = _stored_frames(image)
        if image.photometric == "MONOCHROME1" and image.modality == "MR":
            stored = np.invert(stored)  # as ITK does
        for place in of_image:
            frame = series.slices[place].frame
            volume[place] = stored[frame.index]
            volume[place] *= frame.slope
            volume[place] += frame.intercept
    return volume.T


def _gdcm_reader() -> Any:
    """ITK's reader of single-frame images, which asks no other format."""
    import itk

    reader = itk.ImageFileReader[itk.Image[itk.F, 2]].New()
    reader.SetImageIO(itk.GDCMImageIO.New())
    return reader


def _needs_stored_values(image: ImageHeader) -> bool:
    # An inverted MR is shown as it was meant. Hounsfield units mean the same in every display.
    is_inverted = image.photometric == "MONOCHROME1" and image.modality != "MR"
    return image.is_enhanced or is_inverted or len(image.frames) > 1


def _stored_frames(image: ImageHeader) -> np.ndarray:
    """The stored values of all frames, (frames, rows, columns)."""
    pixels = image.pixels
    assert pixels is not None
    shape = (len(image.frames), *image.size)
    if not pixels.offset:
        return _decompressed(image.file).reshape(shape)
    order = ">" if pixels.syntax == _BIG_ENDIAN else "<"
    dtype = np.dtype(f"{order}{'i' if pixels.signed else 'u'}{pixels.allocated // 8}")
    values = np.memmap(image.file, dtype, "r", pixels.offset, shape)
    unused = pixels.allocated - pixels.stored
    if unused == 0:
        return values
    above = pixels.allocated - 1 - pixels.high  # bits above and below the value may hold anything
    return np.right_shift(np.left_shift(values, above), unused)


def _decompressed(file: Path) -> np.ndarray:
    """The stored values of compressed frames, by ITK from a copy without all that it would apply to them."""
    import itk
    from pydicom import Dataset, dcmread
    from pydicom.uid import MultiFrameGrayscaleWordSecondaryCaptureImageStorage, generate_uid

    header = dcmread(file)
    copy = Dataset()
    copy.file_meta = header.file_meta
    for keyword in _PIXEL_KEYWORDS:
        if keyword in header:
            copy[keyword] = header[keyword]
    copy.PhotometricInterpretation = "MONOCHROME2"
    copy.SOPClassUID, copy.SOPInstanceUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage, generate_uid()
    with tempfile.TemporaryDirectory() as folder:
        name = Path(folder) / "frames.dcm"
        copy.save_as(name, enforce_file_format=True)
        return np.asarray(itk.array_from_image(itk.imread(str(name))))
