"""What the classes of a segmentation mean."""

from __future__ import annotations

from .organs import Organ, organ_protocol, organ_table
from .partial import mark_unknown_classes, unknown_classes
from .protocols import NUMBERINGS, LabelProtocol, label_protocol
from .structures import Structure, mirrored_classes, side_pairs, structure_table

__all__ = [
    "NUMBERINGS",
    "LabelProtocol",
    "Organ",
    "Structure",
    "label_protocol",
    "mark_unknown_classes",
    "mirrored_classes",
    "organ_protocol",
    "organ_table",
    "side_pairs",
    "structure_table",
    "unknown_classes",
]
