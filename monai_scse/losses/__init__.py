"""What the paper's loss needs beyond MONAI's and PyTorch's own."""

from __future__ import annotations

from .cross_entropy import SegmentationCrossEntropyLoss
from .median_frequency import median_frequency_weights

__all__ = ["SegmentationCrossEntropyLoss", "median_frequency_weights"]
