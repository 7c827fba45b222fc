"""The values of a DICOM series as one volume."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from .headers import ImageHeader, PixelFormat
from .series import DicomSeries
from .volume import Slice

__all__ = ["read_volume"]

_BIG_ENDIAN = "1.2.840.10008.1.2.2"


def read_volume(series: DicomSeries) -> np.ndarray:
    """The rescaled values, (columns, rows, slices), float32.

    ITK reads series of single-frame images. It takes the rescaling of one frame for all frames of an image, and turns
    the values of MONOCHROME1 images round. Such pixels are read as they are stored.
    """
    import itk

    if not any(_needs_stored_values(item.image, series.modality) for item in series.slices):
        files = series.files
        image = itk.imread(files if len(files) > 1 else files[0], pixel_type=itk.F)
        return np.asarray(itk.array_view_from_image(image)).T
    rows, columns = series.slices[0].image.size
    volume = np.empty((len(series.slices), rows, columns), np.float32)
    images: dict[Path, list[tuple[int, Slice]]] = defaultdict(list)
    for index, item in enumerate(series.slices):
        images[item.image.file].append((index, item))
    for items in images.values():
        frames = _stored_frames(items[0][1].image)
        for index, item in items:
            volume[index] = frames[item.frame.index]
            volume[index] *= item.frame.slope
            volume[index] += item.frame.intercept
    return volume.T


def _needs_stored_values(image: ImageHeader, modality: str) -> bool:
    # an inverted MR is shown as it was meant; Hounsfield units mean the same in every display
    is_inverted = image.photometric == "MONOCHROME1" and modality != "MR"
    return image.is_enhanced or is_inverted or len(image.frames) > 1


def _stored_frames(image: ImageHeader) -> np.ndarray:
    """The stored values of all frames, (frames, rows, columns)."""
    pixels = image.pixels
    assert pixels is not None
    shape = (len(image.frames), *image.size)
    if not pixels.offset:
        return _decompressed(image.file, pixels).reshape(shape)
    order = ">" if pixels.syntax == _BIG_ENDIAN else "<"
    dtype = np.dtype(f"{order}{'i' if pixels.signed else 'u'}{pixels.allocated // 8}")
    values = np.memmap(image.file, dtype, "r", pixels.offset, shape)
    unused = pixels.allocated - pixels.stored
    if unused == 0:
        return values
    above = pixels.allocated - 1 - pixels.high  # bits above and below the value may hold anything
    return np.right_shift(np.left_shift(values, above), unused)


def _decompressed(file: Path, pixels: PixelFormat) -> np.ndarray:
    """The stored values of compressed frames, by ITK from a copy without all that it would apply to them."""
    import itk
    from pydicom import Dataset, dcmread

    header = dcmread(file)
    copy = Dataset()
    copy.file_meta = header.file_meta
    for keyword in ("SOPInstanceUID", "SamplesPerPixel", "NumberOfFrames", "Rows", "Columns", "BitsAllocated"):
        if keyword in header:
            copy[keyword] = header[keyword]
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation", "PixelData"):
        copy[keyword] = header[keyword]
    copy.PhotometricInterpretation = "MONOCHROME2"
    copy.SOPClassUID = copy.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7.3"  # word capture
    with tempfile.TemporaryDirectory() as folder:
        name = Path(folder) / "frames.dcm"
        copy.save_as(name, enforce_file_format=False)
        return np.asarray(itk.array_from_image(itk.imread(str(name))))
