"""A spleen that is too large."""

from __future__ import annotations

import numpy as np

from .patient import YIELDING, Patient

__all__ = ["splenomegaly"]


def splenomegaly(patient: Patient, size: float) -> bool:
    """The spleen grows, downwards and to the middle more than elsewhere."""
    box = patient.box_of("spleen", margin_mm=130)
    if box is None or patient.is_cut("spleen"):
        return False
    spleen = patient.where("spleen", box=box)
    heights = np.flatnonzero(spleen.any(axis=(0, 1)))
    below = np.clip((heights[0] - np.arange(spleen.shape[2])) * patient.spacing[2] / 100, 0, 1.5)
    rank = patient.away_from(spleen) / (1 + below) + 4 * patient.noise(box, 50)
    kidney = patient.where("left kidney", box=box)
    if kidney.any():  # the spleen lies in front of the kidney and beside it, not around it
        rank += 60 * np.exp(-((patient.away_from(kidney) / 25) ** 2))
    allowed = spleen | ((rank < 75) & patient.where(*YIELDING, box=box))
    allowed[..., heights[-1] + 1 :] &= spleen[..., heights[-1] + 1 :]  # the diaphragm stays where it is
    grown = patient.most(np.where(spleen, -99, rank), allowed, size)
    if patient.ml(grown) < 500:
        return False
    patient.paint(grown & ~spleen, box, name="spleen")
    return True
