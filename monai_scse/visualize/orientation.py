"""Planes of a picture and the letters at its edges, as radiologists read them."""

from __future__ import annotations

__all__ = ["EDGES", "PLANES"]

#: The axis of the volume that each plane cuts.
PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
#: The letters at the two sides of a slice: the patient's right, or the front, comes first.
EDGES = {"sagittal": ("A", "P"), "coronal": ("R", "L"), "axial": ("R", "L")}
