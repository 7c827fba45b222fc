"""MONAI transforms of our own."""

from __future__ import annotations

from .brain_extraction import SCAN_KEY, ExtractBraind, tissue_ml
from .brain_plausibility import CheckBraind
from .confidence import AGREEMENT_KEY, CONFIDENCE_KEY, NoteConfidenced
from .head_tissue import RandHeadTissued, RandWholeHeadd
from .hounsfield import CheckHounsfieldd
from .labels import MapLabelsd, RandLateralFlipd
from .organs import LoadOrganLabelsd
from .plausibility import QC_KEY, CheckPlausibled
from .scans import CheckLabelGridd, LoadScand, file_of, segmentation_name
from .sides import ResolveSidesd
from .slabs import RandScanEndd, StackAdjacentSlicesd
from .spacing import AntiAliasd, ServerSafeSpacingd
from .structure_variation import RandStructureIntensityd, RandStructureSized, RandWhiteMatterLesionsd

__all__ = [
    "AGREEMENT_KEY",
    "CONFIDENCE_KEY",
    "QC_KEY",
    "SCAN_KEY",
    "AntiAliasd",
    "CheckBraind",
    "CheckHounsfieldd",
    "CheckLabelGridd",
    "CheckPlausibled",
    "ExtractBraind",
    "LoadOrganLabelsd",
    "LoadScand",
    "MapLabelsd",
    "NoteConfidenced",
    "RandHeadTissued",
    "RandLateralFlipd",
    "RandScanEndd",
    "RandStructureIntensityd",
    "RandStructureSized",
    "RandWhiteMatterLesionsd",
    "RandWholeHeadd",
    "ResolveSidesd",
    "ServerSafeSpacingd",
    "StackAdjacentSlicesd",
    "file_of",
    "segmentation_name",
    "tissue_ml",
]
