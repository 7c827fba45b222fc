"""Loading scans with errors that name the file."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import ImageReader, MetaTensor
from monai.transforms import LoadImaged, MapTransform
from monai.utils import ImageMetaKey

from ..dicom import DicomSeriesReader, get_dicom_series
from ..runtime import InputError
from ..runtime.arguments import check_name, check_number, check_whole
from .scan_headers import check_geometry, read_scan_header
from .scan_readers import reader_of, unreadable_reason

__all__ = ["CheckLabelGridd", "LoadScand", "file_of"]


def file_of(image: Any, default: str = "input") -> str:
    """The file that a MetaTensor was loaded from."""
    return str(getattr(image, "meta", {}).get(ImageMetaKey.FILENAME_OR_OBJ, default))


def check_same_grid(
    label: torch.Tensor, image: torch.Tensor, key: Hashable = "label", other: str = "its image"
) -> None:
    """Check that a label volume (1, x, y, z) lies on the grid of its image.

    Args:
        label: the volume, which the message names by its file or its key.
        image: what it must fit, (1, x, y, z).
        key: the entry of the label.
        other: what the message calls the image.

    Raises:
        InputError: when the shapes differ, or the affines by more than 0.01 (mm, or mm a voxel).
    """
    where = f"{file_of(label, str(key))}: "
    if label.shape[1:] != image.shape[1:]:
        raise InputError(
            f"{where}shape {tuple(label.shape[1:])} differs from {other} {file_of(image)} "
            f"{tuple(image.shape[1:])}; resample it to that grid."
        )
    if not isinstance(label, MetaTensor) or not isinstance(image, MetaTensor):
        return
    if not torch.allclose(label.affine, image.affine, rtol=0, atol=0.01):
        raise InputError(
            f"{where}its place in space (affine) differs from that of {other} {file_of(image)}; "
            "resample it to that grid."
        )


@contextmanager
def _without_readers_words() -> Iterator[None]:
    """Leave out what MONAI logs and warns of readers for GPUs that are not installed."""
    logger = logging.getLogger("monai.data.nvimgcodec_pydicom_plugin")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "NvImgCodec")
            yield
    finally:
        logger.setLevel(level)


class LoadScand(LoadImaged):
    """MONAI's ``LoadImaged`` for one 3D scan, channel first, that reports an unfit file by its name.

    The header is checked before the voxels are read. DICOM series are named by the paths of
    :mod:`monai_scse.dicom.search`. A tensor is only checked, because MONAI Deploy reads scans itself and gives them
    without a channel.

    Args:
        keys: the entries to load.
        image_key: the entry that must not be empty, None when there is none.
        max_size_mm: the largest extent along any axis.
        min_slices: the fewest voxels along any axis.
        kwargs: further arguments of ``LoadImaged``.

    Raises:
        InputError: when a file cannot be read, is not one volume of real numbers, or has a voxel size or an extent
            that no scan has. Also when it holds NaN or infinite values, or the image has the same value everywhere.
    """

    def __init__(
        self,
        keys: str | list[str],
        image_key: str | None = "image",
        max_size_mm: float = 5000.0,
        min_slices: int = 1,
        **kwargs: Any,
    ) -> None:
        with _without_readers_words():
            super().__init__(keys, image_only=True, ensure_channel_first=True, **kwargs)
        if image_key is not None:
            check_name("image_key", image_key)
        check_number("max_size_mm", max_size_mm, 0, above=True)
        check_whole("min_slices", min_slices, 1)
        self.image_key = image_key
        self.max_size_mm = max_size_mm
        self.min_slices = min_slices

    @staticmethod
    def _reader_of(file: str) -> ImageReader | None:
        series = get_dicom_series(file)
        if series is None and Path(file).is_dir():
            raise InputError(f"{file}: a folder without a DICOM series of its own; choose a file or a series.")
        return reader_of(file) if series is None else DicomSeriesReader(series)

    def _read(self, file: Any, reader: Any) -> torch.Tensor:
        try:
            chosen = reader or self._reader_of(str(file))
            if isinstance(chosen, DicomSeriesReader):
                series = chosen.series
                check_geometry(str(file), series.shape, series.affine, self.max_size_mm, self.min_slices)
            elif (header := read_scan_header(file)) is not None:
                header.check(self.max_size_mm, self.min_slices)
            image = self._loader(file, chosen)
        except (InputError, MemoryError):
            raise
        except Exception as error:
            raise InputError(f"{file}: {unreadable_reason(str(file), error)}") from error
        # MONAI Label asks for the meta data too, which the image holds
        return image[0] if isinstance(image, tuple) else image

    def __call__(self, data: Mapping[Hashable, Any], reader: Any = None) -> dict[Hashable, Any]:
        loaded = dict(data)
        for key in self.key_iterator(data):
            given = data[key]
            if isinstance(given, torch.Tensor):
                file, image = file_of(given, str(key)), given if given.ndim == 4 else given[None]
            else:
                file, image = str(given), self._read(given, reader)
            if image.ndim != 4 or image.shape[0] != 1:
                raise InputError(f"{file}: expected one 3D volume, got the shape {tuple(image.shape)}; split it first.")
            affine = np.asarray(image.affine) if isinstance(image, MetaTensor) else np.eye(4)
            check_geometry(file, tuple(image.shape[1:]), affine, self.max_size_mm, self.min_slices)
            lowest, highest = float(image.min()), float(image.max())  # NaN when there is one
            if not math.isfinite(highest - lowest):
                raise InputError(f"{file}: holds NaN or infinite values; replace them first.")
            if key == self.image_key and lowest == highest:
                raise InputError(f"{file}: empty, every voxel is {lowest:g}; choose another scan.")
            loaded[key] = image
        return loaded


class CheckLabelGridd(MapTransform):
    """Check that a label volume lies on the grid of its image.

    Args:
        keys: the label entries.
        image_key: the image entry.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when the shapes differ, or the affines by more than 0.01 (mm, or mm a voxel).
    """

    def __init__(self, keys: str | list[str], image_key: str = "image", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        check_name("image_key", image_key)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        for key in self.key_iterator(data):
            check_same_grid(data[key], data[self.image_key], key)
        return dict(data)
