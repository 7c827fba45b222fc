"""Measurements on segmentations."""

from __future__ import annotations

from .intracranial import estimated_intracranial_volume, intracranial_measures
from .registration import RigidMotion, motion_corrected, register_rigidly, registered_correlation, require_registration
from .reliability import coefficient_of_variation
from .structures import (
    StructureScore,
    StructureVolume,
    class_sizes,
    score_structures,
    structure_dice,
    structure_volumes,
)

__all__ = [
    "RigidMotion",
    "StructureScore",
    "StructureVolume",
    "class_sizes",
    "coefficient_of_variation",
    "estimated_intracranial_volume",
    "intracranial_measures",
    "motion_corrected",
    "register_rigidly",
    "registered_correlation",
    "require_registration",
    "score_structures",
    "structure_dice",
    "structure_volumes",
]
