"""Fluid where none should be: ascites and pleural effusion."""

from __future__ import annotations

import numpy as np

from .patient import Box, Patient

__all__ = ["ascites", "pleural_effusion"]

_BEHIND = ("right kidney", "left kidney", "right psoas major", "left psoas major", "aorta", "pancreas")
_WALL = ("muscle", "bone", "cartilage", "subcutaneous fat", "right lung", "left lung")


def _fluid(patient: Patient) -> int:
    return patient.density("water" if patient.random.random() < 0.6 else "exudate")


def _rim(patient: Patient, name: str, density: int) -> float:
    """Fluid between an organ and the wall, in the place of up to a sixth of the organ. Returns its volume in ml."""
    box = patient.box_of(name, margin_mm=15)
    if box is None:
        return 0.0
    organ = patient.where(name, box=box)
    depth = patient.away_from(patient.where(*_WALL, box=box)) + 3 * patient.noise(box, 40)
    rim = organ & (depth < patient.random.uniform(3, 16))
    rim = patient.most(depth, rim, patient.ml(organ) / 6)
    patient.paint(rim, box, density, "fluid")
    return patient.ml(rim)


def ascites(patient: Patient, size: float) -> bool:
    """Fluid fills flanks and pelvis first, then lies between all organs. Bowel stays in the middle and in front."""
    liver = patient.box_of("liver")
    loops = patient.where("bowel wall", "bowel content", "gas")
    fat = patient.where("visceral fat")
    top = patient.labels.shape[2] if liver is None else liver[2].stop
    belly = np.flatnonzero(loops.any(axis=(0, 1)))
    if liver is None and not belly.size:
        return False  # a chest
    box: Box = (slice(None), slice(None), slice(0, top))
    loops, fat = loops[box], fat[box]
    behind = patient.where(*_BEHIND, box=box)
    heart = patient.box_of("heart", margin_mm=15)
    if heart is not None:
        fat[..., heart[2].start :] = False
        loops[..., heart[2].start :] = False
    room = (fat | loops) & (patient.away_from(behind) > 14 if behind.any() else True)
    if patient.ml(room) < size:
        size = 0.9 * patient.ml(room)
    if size < 300:
        return False
    density = _fluid(patient)
    if patient.random.random() < 0.6:
        size -= sum(_rim(patient, name, density) for name in ("liver", "spleen"))
    x, y, z = (np.arange(length) * step for length, step in zip(room.shape, patient.spacing))
    across, along, up = (np.flatnonzero(room.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1)))
    middle, half = np.mean(x[across[[0, -1]]]), np.ptp(x[across[[0, -1]]]) / 2 + 1
    lateral = np.abs(x - middle)[:, None, None] / half
    back = (y[along[-1]] - y)[None, :, None] / (np.ptp(y[along[[0, -1]]]) + 1)
    low = (z[up[-1]] - z)[None, None] / (np.ptp(z[up[[0, -1]]]) + 1)
    rank = -1.3 * lateral - 0.8 * back - 0.5 * low + 0.2 * patient.noise(box, 45) + 0.35 * loops
    patient.paint(patient.most(rank, room, max(size, 0.0)), box, density, "fluid")
    return True


def pleural_effusion(patient: Patient, size: float) -> bool:
    """Fluid behind and below a lung, and lung that it presses empty above it."""
    drawn = False
    sides = patient.random.permutation(("right lung", "left lung"))
    for name in sides if patient.random.random() < 0.4 else sides[:1]:
        box = patient.box_of(name)
        if box is None:
            continue
        lung = patient.where(name, box=box)
        volume = min(size * patient.random.uniform(0.7, 1.0), 0.55 * patient.ml(lung))
        if volume < 100 or patient.ml(lung) < 400:
            continue
        y, z = (np.arange(length) * step for length, step in zip(lung.shape[1:], patient.spacing[1:]))
        depth = (y[:, None] + patient.random.uniform(0.1, 0.4) * z)[None] + 4 * patient.noise(box, 40)
        fluid = patient.most(depth, lung, volume)
        empty = patient.most(depth, lung, volume * (1 + patient.random.uniform(0, 0.4))) & ~fluid
        patient.paint(fluid, box, _fluid(patient), "fluid")
        patient.paint(empty, box, patient.density("empty lung"), "mass")
        drawn = True
    return drawn
