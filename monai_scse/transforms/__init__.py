"""MONAI transforms of our own."""

from __future__ import annotations

from .labels import MapLabelsd, RandLateralFlipd
from .scans import CheckLabelGridd, LoadScand, file_of, segmentation_name
from .slabs import StackAdjacentSlicesd

__all__ = [
    "CheckLabelGridd",
    "LoadScand",
    "MapLabelsd",
    "RandLateralFlipd",
    "StackAdjacentSlicesd",
    "file_of",
    "segmentation_name",
]
