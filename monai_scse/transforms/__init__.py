"""Transforms that MONAI does not have, by what they are for."""

from __future__ import annotations

from .brain_extraction import DOUBT_KEY, SCAN_KEY, WEIGHTS_KEY, ExtractBraind
from .brain_plausibility import TYPICAL_BRAIN_ML, BrainQCd
from .cleaning import organ_cleaning
from .confidence import AGREEMENT_KEY, CONFIDENCE_KEY, UNSURE_INSIDE_KEY, RecordConfidenced
from .hounsfield import CheckHounsfieldd
from .labels import MapLabelsd, RandLateralFlipd
from .organ_parts import OrganPartsQCd
from .organ_shape import OrganShapeQCd
from .organs import LoadOrganLabelsd
from .plausibility import QC_KEY, TorsoQCd
from .resampling import LeanResample
from .save_segmentation import NUMBERS_KEY, SaveSegmentationd
from .scans import CheckLabelGridd, LoadScand, file_of
from .sides import ResolveSidesd
from .slabs import RandSlabTruncationd, StackAdjacentSlicesd
from .spacing import AntiAliasd, SpacingIgnoringExtraKeysd
from .structure_variation import RandStructureIntensityd, RandStructureSized, RandWhiteMatterLesionsd
from .tissue import tissue_ml

__all__ = [
    # reading: from files to scans and labels as networks take them
    "AntiAliasd",
    "CheckHounsfieldd",
    "CheckLabelGridd",
    "DOUBT_KEY",
    "ExtractBraind",
    "LeanResample",
    "LoadOrganLabelsd",
    "LoadScand",
    "MapLabelsd",
    "SCAN_KEY",
    "WEIGHTS_KEY",
    "SpacingIgnoringExtraKeysd",
    "StackAdjacentSlicesd",
    "file_of",
    "tissue_ml",
    # augmentation: random variation of training scans
    "RandLateralFlipd",
    "RandSlabTruncationd",
    "RandStructureIntensityd",
    "RandStructureSized",
    "RandWhiteMatterLesionsd",
    # quality control: how far a segmentation can be trusted
    "AGREEMENT_KEY",
    "BrainQCd",
    "CONFIDENCE_KEY",
    "OrganPartsQCd",
    "OrganShapeQCd",
    "QC_KEY",
    "RecordConfidenced",
    "TYPICAL_BRAIN_ML",
    "TorsoQCd",
    "UNSURE_INSIDE_KEY",
    # postprocessing: what becomes of a segmentation
    "NUMBERS_KEY",
    "ResolveSidesd",
    "SaveSegmentationd",
    "organ_cleaning",
]
