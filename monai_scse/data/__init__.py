"""From a folder to cases: files, layouts of data sets, slices."""

from __future__ import annotations

from .case_dataset import FAILURE_KEY, CaseDataset
from .cases import IMAGE_SUFFIXES, case_name, image_cases, labelled_cases, retest_cases, split_cases
from .drawn_samples import DrawnSamplesDataset, label_map_cases
from .failures import CaseFailure
from .organ_layouts import organ_cases
from .read_ahead import ReadAheadLoader
from .slices import SliceDataset
from .unfinished import unfinished_cases

__all__ = [
    "FAILURE_KEY",
    "IMAGE_SUFFIXES",
    "CaseDataset",
    "CaseFailure",
    "DrawnSamplesDataset",
    "ReadAheadLoader",
    "SliceDataset",
    "case_name",
    "image_cases",
    "label_map_cases",
    "labelled_cases",
    "organ_cases",
    "retest_cases",
    "split_cases",
    "unfinished_cases",
]
