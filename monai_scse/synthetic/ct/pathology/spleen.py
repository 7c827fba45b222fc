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
    allowed = spleen | ((rank < 75) & patient.where(*YIELDING, box=box))
    allowed[..., heights[-1] + 1 :] &= spleen[..., heights[-1] + 1 :]  # the diaphragm stays where it is
    kidney = patient.box_of("left kidney", margin_mm=8)
    if kidney is not None:  # it lies in front of the kidney and beside it, not around it
        lateral, front = max(kidney[0].start - box[0].start, 0), max(kidney[1].stop - box[1].start, 0)
        allowed[lateral:, :front] &= spleen[lateral:, :front]
    grown = patient.most(np.where(spleen, -99, rank), allowed, size)
    if patient.ml(grown) < 500:
        return False
    patient.paint(grown & ~spleen, box, name="spleen")
    return True
