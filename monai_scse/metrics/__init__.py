"""Measurements on segmentations."""

from __future__ import annotations

from .structures import StructureScore, StructureVolume, score_structures, structure_volumes

__all__ = ["StructureScore", "StructureVolume", "score_structures", "structure_volumes"]
