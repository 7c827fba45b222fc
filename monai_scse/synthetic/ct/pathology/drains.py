"""Drains and catheters: dense, thin, through the wall into the belly or chest."""

from __future__ import annotations

import numpy as np

from .patient import ORGANS, Patient

__all__ = ["drain"]


def drain(patient: Patient, size: float) -> bool:
    """A straight tube from the skin to fluid, or to fat where there is none. It spares the ten organs."""
    for name in ("fluid", "visceral fat"):
        tip = patient.any_of(patient.where(name))
        if tip is not None:
            break
    else:
        return False
    outwards = np.array([np.sign(tip[0] - patient.labels.shape[0] / 2) or 1.0, patient.random.uniform(-0.2, 1.0), 0.0])
    outwards[2] = patient.random.uniform(-0.4, 0.4)
    outwards /= np.linalg.norm(outwards)
    grid = np.ogrid[tuple(slice(size) for size in patient.labels.shape)]
    offset = [(axis - place) * step for axis, place, step in zip(grid, tip, patient.spacing)]
    along = sum(part * by for part, by in zip(offset, outwards))
    away = sum((part - along * by) ** 2 for part, by in zip(offset, outwards))
    spares = patient.where(*ORGANS, "background", "bone", "heart", "table")
    inside = (along > 0) & (away < max(size / 2, 0.5 * float(patient.spacing.max())) ** 2) & ~spares
    everywhere = (slice(None), slice(None), slice(None))
    patient.paint(inside, everywhere, patient.density("drain"))
    return bool(inside.any())
