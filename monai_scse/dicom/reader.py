"""DICOM series for MONAI's loader."""

from __future__ import annotations

from typing import Any

import numpy as np
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys

from .pixels import read_volume
from .series import DicomSeries

__all__ = ["DicomSeriesReader"]


class DicomSeriesReader(ImageReader):
    """Reads one series, on the grid of its headers.

    MONAI's ``ITKReader`` is nearest. It reads a folder, which may hold several series. It takes the place of
    enhanced images from GDCM, which checks only some of their frames.

    Args:
        series: what to read.
    """

    def __init__(self, series: DicomSeries) -> None:
        self.series = series

    def verify_suffix(self, filename: Any) -> bool:
        """Whether it reads the path: that of its series."""
        return True

    def read(self, data: Any, **kwargs: Any) -> np.ndarray:
        """The values, (columns, rows, slices). The path is not needed.

        Raises:
            InputError: when the series is not a volume.
        """
        self.series.check()
        return read_volume(self.series)

    def get_data(self, img: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        """The values, and the place in space that MONAI asks for."""
        affine = self.series.affine
        return img, {
            MetaKeys.ORIGINAL_AFFINE: affine,
            MetaKeys.AFFINE: affine.copy(),
            MetaKeys.SPACE: SpaceKeys.RAS,
            MetaKeys.SPATIAL_SHAPE: np.array(img.shape),
            MetaKeys.ORIGINAL_CHANNEL_DIM: "no_channel",
        }
