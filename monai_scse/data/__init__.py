"""Label protocols, case lists and data sets. They know nothing of networks."""

from __future__ import annotations

from .cases import IMAGE_SUFFIXES, case_name, image_cases, labelled_cases, require_file, split_cases
from .files import write_in_one_step
from .label_protocols import BRAIN_STRUCTURES, LABEL_PROTOCOLS, LabelProtocol, Structure, get_label_protocol
from .slices import SliceDataset

__all__ = [
    "BRAIN_STRUCTURES",
    "IMAGE_SUFFIXES",
    "LABEL_PROTOCOLS",
    "LabelProtocol",
    "SliceDataset",
    "Structure",
    "case_name",
    "get_label_protocol",
    "image_cases",
    "labelled_cases",
    "require_file",
    "split_cases",
    "write_in_one_step",
]
