"""Losses and class weights that MONAI and PyTorch do not have.

They are the paper's loss, class weights that do not bias the network, and a loss for cases without annotation of some
organs.
"""

from __future__ import annotations

from .cross_entropy import SegmentationCrossEntropyLoss
from .logit_adjustment import LogitAdjustedLoss
from .median_frequency import median_frequency_weights
from .partial_labels import PartialLabelLoss

__all__ = ["LogitAdjustedLoss", "PartialLabelLoss", "SegmentationCrossEntropyLoss", "median_frequency_weights"]
