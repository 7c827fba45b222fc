"""What the classes of a segmentation mean."""

from __future__ import annotations

from .freesurfer import SUBCORTICAL_GREY, freesurfer_structure
from .organs import PLACES, Organ, organ_protocol, organ_table
from .partial import mark_unknown_classes, unknown_classes
from .protocols import NUMBERINGS, OUTPUT_LABELS, LabelProtocol, label_protocol, output_numbers
from .structures import Structure, mirrored_classes, side_pairs, structure_codes, structure_table

__all__ = [
    "NUMBERINGS",
    "OUTPUT_LABELS",
    "PLACES",
    "SUBCORTICAL_GREY",
    "LabelProtocol",
    "Organ",
    "Structure",
    "freesurfer_structure",
    "label_protocol",
    "mark_unknown_classes",
    "mirrored_classes",
    "organ_protocol",
    "organ_table",
    "output_numbers",
    "side_pairs",
    "structure_codes",
    "structure_table",
    "unknown_classes",
]
