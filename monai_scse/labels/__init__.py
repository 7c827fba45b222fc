"""What the classes of a segmentation mean."""

from __future__ import annotations

from .organs import Organ, organ_protocol, organ_table
from .partial import mark_unknown_classes, unknown_classes
from .protocols import BRAIN_STRUCTURES, LABEL_PROTOCOLS, LabelProtocol, get_label_protocol, mirrored_classes
from .structures import Structure, side_pairs

__all__ = [
    "BRAIN_STRUCTURES",
    "LABEL_PROTOCOLS",
    "LabelProtocol",
    "Organ",
    "Structure",
    "get_label_protocol",
    "mark_unknown_classes",
    "mirrored_classes",
    "organ_protocol",
    "organ_table",
    "side_pairs",
    "unknown_classes",
]
