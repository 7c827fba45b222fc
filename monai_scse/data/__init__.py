"""Label protocols, case lists and data sets. They know nothing of networks."""

from __future__ import annotations

from .anatomy_ct import Anatomy, anatomy_ct, load_anatomy
from .cases import IMAGE_SUFFIXES, case_name, image_cases, labelled_cases, require_file, split_cases
from .ct_rendering import SYNTHETIC_STRUCTURES, SyntheticCT
from .dicom_series import DicomSeries, find_dicom_series, get_dicom_series
from .files import write_in_one_step
from .label_protocols import BRAIN_STRUCTURES, LABEL_PROTOCOLS, LabelProtocol, Structure, get_label_protocol
from .organ_layouts import LAYOUTS, organ_cases
from .organs import Organ, organ_table, side_pairs
from .partial_labels import mark_unknown_classes, unknown_classes
from .shape_torsos import shape_torso_ct
from .slices import SliceDataset
from .synthetic_ct import save_synthetic_cases, synthetic_ct

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
    "organ_cases",
    "organ_table",
    "require_file",
    "save_synthetic_cases",
    "shape_torso_ct",
    "side_pairs",
    "split_cases",
    "synthetic_ct",
    "unknown_classes",
    "write_in_one_step",
]
