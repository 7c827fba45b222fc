"""Label protocols, case lists and data sets. They know nothing of networks."""

from __future__ import annotations

from .anatomy_ct import Anatomy, anatomy_ct, load_anatomy
from .cases import IMAGE_SUFFIXES, case_name, image_cases, labelled_cases, require_file, retest_cases, split_cases
from .ct_rendering import SyntheticCT
from .ct_structures import SYNTHETIC_STRUCTURES
from .dicom_series import DicomSeries, find_dicom_series, get_dicom_series
from .files import write_in_one_step
from .head_tissue import tissue_around
from .label_protocols import (
    BRAIN_STRUCTURES,
    LABEL_PROTOCOLS,
    LabelProtocol,
    Structure,
    get_label_protocol,
    mirrored_classes,
    side_pairs,
)
from .organ_layouts import LAYOUTS, organ_cases
from .organs import Organ, organ_table
from .partial_labels import mark_unknown_classes, unknown_classes
from .slices import SliceDataset
from .synthetic_ct import save_synthetic_cases, synthetic_ct
from .whole_head import whole_head

__all__ = [
    "BRAIN_STRUCTURES",
    "IMAGE_SUFFIXES",
    "LABEL_PROTOCOLS",
    "LAYOUTS",
    "SYNTHETIC_STRUCTURES",
    "Anatomy",
    "DicomSeries",
    "LabelProtocol",
    "Organ",
    "SliceDataset",
    "Structure",
    "SyntheticCT",
    "anatomy_ct",
    "case_name",
    "find_dicom_series",
    "get_dicom_series",
    "get_label_protocol",
    "image_cases",
    "labelled_cases",
    "load_anatomy",
    "mark_unknown_classes",
    "mirrored_classes",
    "organ_cases",
    "organ_table",
    "require_file",
    "retest_cases",
    "save_synthetic_cases",
    "side_pairs",
    "split_cases",
    "synthetic_ct",
    "tissue_around",
    "unknown_classes",
    "whole_head",
    "write_in_one_step",
]
