"""What a run tells of a segmented case: tables and pages."""

from __future__ import annotations

from .aseg_stats import aseg_stats
from .volume_table import volume_table

__all__ = ["aseg_stats", "volume_table"]
