"""An aneurysm of the aorta of the belly, with a thrombus around what flows."""

from __future__ import annotations

import numpy as np

from .patient import YIELDING, Patient

__all__ = ["aortic_aneurysm"]


def aortic_aneurysm(patient: Patient, size: float) -> bool:
    """The aorta widens below the kidneys, forwards more than backwards. Its thrombus is part of it."""
    around = patient.box_of("aorta", margin_mm=size)
    kidney = patient.box_of("left kidney")
    if around is None or kidney is None:
        return False
    aorta = patient.where("aorta", box=around)
    heights = np.flatnonzero(aorta.any(axis=(0, 1)))
    lowest, step = int(heights[0]), patient.spacing
    middle = lowest + patient.random.uniform(35, 60) / step[2]
    half = size * patient.random.uniform(0.7, 1.2) / step[2]
    outside, lumen = np.zeros_like(aorta), np.zeros_like(aorta)
    x, y = (
        np.arange(length)[shape] * width
        for length, shape, width in zip(aorta.shape[:2], ((slice(None), None), (None, slice(None))), step[:2])
    )
    eccentric = patient.random.uniform(-0.4, 0.4, 2)
    wide = patient.random.uniform(1.0, 1.5)
    for height in heights:
        bump = float(np.exp(-2 * ((height - middle) / half) ** 2))
        section = np.argwhere(aorta[..., height])
        own = float(np.sqrt(len(section) * step[0] * step[1] / np.pi))
        if bump < 0.03 or own > 20 or height + around[2].start > kidney[2].stop:
            continue
        radius = own + max(size / 2 - own, 0) * bump
        centre = section.mean(axis=0) * step[:2] + [0, 0.6 * (radius - own)]
        outside[..., height] = np.hypot(x - centre[0], y - centre[1]) < radius
        centre = centre + eccentric * (radius - own)
        flows = own * (1 + (wide - 1) * bump)
        lumen[..., height] = np.hypot(x - centre[0], y - centre[1]) < min(flows, 0.9 * radius)
    inside = outside & (aorta | patient.where(*YIELDING, box=around))
    if not inside.any():
        return False
    patient.paint(inside, around, name="aorta")
    patient.paint(inside & ~lumen, around, patient.density("thrombus"))
    return True
