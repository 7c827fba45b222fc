"""MONAI transforms of our own."""

from __future__ import annotations

from .labels import MapLabelsd, RandLateralFlipd
from .scans import CheckLabelShaped, LoadScand, file_of
from .slabs import StackAdjacentSlicesd

__all__ = ["CheckLabelShaped", "LoadScand", "MapLabelsd", "RandLateralFlipd", "StackAdjacentSlicesd", "file_of"]
