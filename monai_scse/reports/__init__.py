"""What a run tells of a segmented case: tables and pages."""

from __future__ import annotations

from .aseg_stats import aseg_stats
from .case_page import CasePage
from .cohort_page import CohortCase, cohort_page, write_cohort_page
from .comparison import MEASURES, comparison_table, pair_segmentations
from .measures import asymmetry, brain_volume_ml
from .volume_table import volume_table

__all__ = [
    "MEASURES",
    "CasePage",
    "CohortCase",
    "aseg_stats",
    "asymmetry",
    "brain_volume_ml",
    "cohort_page",
    "comparison_table",
    "pair_segmentations",
    "volume_table",
    "write_cohort_page",
]
