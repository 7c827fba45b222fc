"""MONAI transforms of our own."""

from __future__ import annotations

from .hounsfield import CheckHounsfieldd
from .labels import MapLabelsd, RandLateralFlipd
from .organs import LoadOrganLabelsd
from .plausibility import QC_KEY, CheckPlausibled
from .scans import CheckLabelGridd, LoadScand, file_of, segmentation_name
from .sides import ResolveSidesd
from .slabs import StackAdjacentSlicesd
from .spacing import ServerSafeSpacingd

__all__ = [
    "QC_KEY",
    "CheckHounsfieldd",
    "CheckLabelGridd",
    "CheckPlausibled",
    "LoadOrganLabelsd",
    "LoadScand",
    "MapLabelsd",
    "RandLateralFlipd",
    "ResolveSidesd",
    "ServerSafeSpacingd",
    "StackAdjacentSlicesd",
    "file_of",
    "segmentation_name",
]
