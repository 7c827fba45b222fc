"""The factories that turn names into blocks."""

from __future__ import annotations

from .normalization import RecalibratedNorm, register_recalibrated_norms
from .recalibration import Recal, get_recal_layer

register_recalibrated_norms()

__all__ = ["Recal", "RecalibratedNorm", "get_recal_layer", "register_recalibrated_norms"]
