"""What MONAI and PyTorch do not have: the paper's loss, and learning from cases with organs that were not annotated."""

from __future__ import annotations

from .cross_entropy import SegmentationCrossEntropyLoss
from .median_frequency import median_frequency_weights
from .partial_labels import PartialLabelLoss

__all__ = ["PartialLabelLoss", "SegmentationCrossEntropyLoss", "median_frequency_weights"]
