"""Ignite handlers that MONAI and Ignite do not have, and the pictures they save."""

from __future__ import annotations

from .batch_statistics import FreezeBatchStatistics
from .dicom_segmentation import DicomSegmentation, save_dicom_segmentation
from .gate_logging import TensorBoardGateHandler
from .gate_maps import save_gate_maps
from .overlay import save_overlay
from .retest_scores import RetestScores
from .segmentation_report import SegmentationReport
from .segmentation_scores import SegmentationScores
from .training import TimeBudget, TrainingCheckpoint

__all__ = [
    "DicomSegmentation",
    "FreezeBatchStatistics",
    "RetestScores",
    "SegmentationReport",
    "SegmentationScores",
    "TensorBoardGateHandler",
    "TimeBudget",
    "TrainingCheckpoint",
    "save_dicom_segmentation",
    "save_gate_maps",
    "save_overlay",
]
