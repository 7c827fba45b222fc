"""Ignite handlers that MONAI does not have."""

from __future__ import annotations

from .overlay import save_overlay
from .segmentation_report import SegmentationReport
from .segmentation_scores import SegmentationScores
from .training import TimeBudget, TrainingCheckpoint

__all__ = ["SegmentationReport", "SegmentationScores", "TimeBudget", "TrainingCheckpoint", "save_overlay"]
