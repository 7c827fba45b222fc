"""Measurements on segmentations."""

from __future__ import annotations

from .reliability import coefficient_of_variation
from .structures import StructureScore, StructureVolume, score_structures, structure_dice, structure_volumes

__all__ = [
    "StructureScore",
    "StructureVolume",
    "coefficient_of_variation",
    "score_structures",
    "structure_dice",
    "structure_volumes",
]
