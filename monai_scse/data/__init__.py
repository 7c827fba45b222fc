"""From a folder to cases: files, layouts of data sets, slices."""

from __future__ import annotations

from .cases import IMAGE_SUFFIXES, case_name, image_cases, labelled_cases, retest_cases, split_cases
from .organ_layouts import organ_cases
from .slices import SliceDataset

__all__ = [
    "IMAGE_SUFFIXES",
    "SliceDataset",
    "case_name",
    "image_cases",
    "labelled_cases",
    "organ_cases",
    "retest_cases",
    "split_cases",
]
