"""What a run tells of a segmented case: tables and pages."""

from __future__ import annotations

from .aseg_stats import aseg_stats
from .comparison import MEASURES, comparison_table, pair_segmentations
from .volume_table import volume_table

__all__ = ["MEASURES", "aseg_stats", "comparison_table", "pair_segmentations", "volume_table"]
