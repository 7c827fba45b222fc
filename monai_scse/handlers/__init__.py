"""Ignite handlers that MONAI does not have."""

from __future__ import annotations

from .dicom_segmentation import DicomSegmentation, save_dicom_segmentation
from .overlay import save_overlay
from .segmentation_report import SegmentationReport
from .segmentation_scores import SegmentationScores
from .training import TimeBudget, TrainingCheckpoint

__all__ = [
    "DicomSegmentation",
    "SegmentationReport",
    "SegmentationScores",
    "TimeBudget",
    "TrainingCheckpoint",
    "save_dicom_segmentation",
    "save_overlay",
]
