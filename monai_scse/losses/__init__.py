"""What the paper's loss needs beyond MONAI's and PyTorch's own."""

from __future__ import annotations

from .median_frequency import median_frequency_weights

__all__ = ["median_frequency_weights"]
