"""Inferers that MONAI does not have."""

from __future__ import annotations

from .argmax_slices import ArgmaxSliceInferer
from .autocast import AutocastInferer, bfloat16_pays

__all__ = ["ArgmaxSliceInferer", "AutocastInferer", "bfloat16_pays"]
