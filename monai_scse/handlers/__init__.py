"""Ignite handlers that MONAI does not have."""

from __future__ import annotations

from .training import TimeBudget, TrainingCheckpoint

__all__ = ["TimeBudget", "TrainingCheckpoint"]
