"""MONAI transforms of our own."""

from __future__ import annotations

from .brain_extraction import SCAN_KEY, ExtractBraind, tissue_ml
from .brain_plausibility import BrainQCd
from .confidence import AGREEMENT_KEY, CONFIDENCE_KEY, RecordConfidenced
from .hounsfield import CheckHounsfieldd
from .labels import MapLabelsd, RandLateralFlipd
from .organ_cleaning import organ_cleaning
from .organs import LoadOrganLabelsd
from .plausibility import QC_KEY, TorsoQCd
from .save_segmentation import SaveSegmentationd
from .scans import CheckLabelGridd, LoadScand, file_of, segmentation_name
from .sides import ResolveSidesd
from .slabs import RandSlabTruncationd, StackAdjacentSlicesd
from .spacing import AntiAliasd, SpacingIgnoringExtraKeysd
from .structure_variation import RandStructureIntensityd, RandStructureSized, RandWhiteMatterLesionsd

__all__ = [
    "AGREEMENT_KEY",
    "CONFIDENCE_KEY",
    "QC_KEY",
    "SCAN_KEY",
    "AntiAliasd",
    "BrainQCd",
    "CheckHounsfieldd",
    "CheckLabelGridd",
    "TorsoQCd",
    "ExtractBraind",
    "LoadOrganLabelsd",
    "LoadScand",
    "MapLabelsd",
    "RecordConfidenced",
    "RandLateralFlipd",
    "RandSlabTruncationd",
    "RandStructureIntensityd",
    "RandStructureSized",
    "RandWhiteMatterLesionsd",
    "ResolveSidesd",
    "SaveSegmentationd",
    "SpacingIgnoringExtraKeysd",
    "StackAdjacentSlicesd",
    "file_of",
    "organ_cleaning",
    "segmentation_name",
    "tissue_ml",
]
