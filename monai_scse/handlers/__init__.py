"""Ignite handlers that MONAI and Ignite do not have."""

from __future__ import annotations

from .aseg_statistics import AsegStatistics
from .batch_statistics import FreezeBatchStatistics
from .case_failures import CaseFailures
from .case_series import CaseSeries
from .colour_tables import ColourTables
from .dicom_segmentation import DicomSegmentation
from .epoch_seed import EpochSeed
from .gate_logging import TensorBoardGateHandler
from .retest_scores import RetestScores
from .segmentation_report import SegmentationReport
from .segmentation_scores import SegmentationScores
from .slicer_segmentation import SlicerSegmentation
from .training import TimeBudget, TrainingCheckpoint, read_checkpoint
from .weights import WeightsCheckpointLoader

__all__ = [
    "AsegStatistics",
    "CaseFailures",
    "CaseSeries",
    "ColourTables",
    "DicomSegmentation",
    "EpochSeed",
    "FreezeBatchStatistics",
    "RetestScores",
    "SegmentationReport",
    "SegmentationScores",
    "SlicerSegmentation",
    "TensorBoardGateHandler",
    "TimeBudget",
    "TrainingCheckpoint",
    "WeightsCheckpointLoader",
    "read_checkpoint",
]
