"""Kidneys that are not as they should be: missing, atrophic, low-lying, polycystic."""

from __future__ import annotations

import numpy as np

from .growths import KIDNEYS
from .patient import YIELDING, Box, Patient

__all__ = ["atrophic_kidney", "low_lying_kidney", "missing_kidney", "polycystic_kidney"]

_WITH_SINUS = "renal sinus"


def _one(patient: Patient) -> tuple[str, Box] | None:
    """One of the kidneys that the scan shows whole, and a box around it."""
    for name in patient.random.permutation(KIDNEYS):
        box = patient.box_of(name)
        if box is not None and not patient.is_cut(name):
            return str(name), box
    return None


def _take_out(patient: Patient, name: str, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Fill the place of a kidney with fat. Returns where kidney and sinus were."""
    kidney, sinus = patient.where(name, box=box), patient.where(_WITH_SINUS, box=box)
    patient.paint(kidney | sinus, box, name="visceral fat")
    return kidney, sinus


def missing_kidney(patient: Patient, size: float) -> bool:
    """One kidney is not there."""
    found = _one(patient)
    if found is None:
        return False
    _take_out(patient, *found)
    return True


def atrophic_kidney(patient: Patient, size: float) -> bool:
    """One kidney shrinks to a volume, at its place."""
    found = _one(patient)
    if found is None:
        return False
    name, box = found
    scale = (size / patient.ml(patient.where(name, box=box))) ** (1 / 3)
    if scale > 0.9:
        return False
    parts = _take_out(patient, name, box)
    grid = np.indices(parts[0].shape)
    middle = np.argwhere(parts[0]).mean(axis=0)[:, None, None, None]
    source = np.rint(middle + (grid - middle) / scale).astype(int)
    inside = ((source >= 0) & (source < np.reshape(grid.shape[1:], (3, 1, 1, 1)))).all(axis=0)
    source = tuple(np.where(inside, axis, 0) for axis in source)
    for part, called in zip(parts, (name, _WITH_SINUS)):
        patient.paint(part[source] & inside, box, name=called)
    return True


def low_lying_kidney(patient: Patient, size: float) -> bool:
    """One kidney lies lower, as far as the scan and its neighbours let it."""
    found = _one(patient)
    if found is None:
        return False
    name, box = found
    kidney, sinus = patient.where(name, box=box), patient.where(_WITH_SINUS, box=box)
    outwards = 1 if name == "right kidney" else -1
    for ahead in (20, 35, 50):
        step = np.rint(np.array([outwards * 8, ahead, -size]) / patient.spacing).astype(int)
        if box[2].start + step[2] < 1 or any(
            part.start + by < 0 or part.stop + by > end for part, by, end in zip(box, step, patient.labels.shape)
        ):
            continue
        across, deep, tall = (slice(part.start + by, part.stop + by) for part, by in zip(box, step))
        there: Box = (across, deep, tall)
        free = patient.where(*YIELDING, name, box=there)
        if np.count_nonzero(kidney & free) > 0.75 * np.count_nonzero(kidney):
            _take_out(patient, name, box)
            patient.paint(kidney & free, there, name=name)
            patient.paint(sinus & free, there, name=_WITH_SINUS)
            return True
    return False


def polycystic_kidney(patient: Patient, size: float) -> bool:
    """Both kidneys, sometimes one, grow by cysts."""
    drawn = False
    fluids = [patient.density("water"), patient.density("water"), patient.density("exudate")]
    for name in patient.random.permutation(KIDNEYS):
        around = patient.box_of(name, margin_mm=75)
        if around is None or patient.is_cut(name) or (drawn and patient.random.random() < 0.3):
            continue
        kidney = patient.where(name, box=around)
        rank = patient.away_from(kidney) + 5 * patient.noise(around, 30)
        allowed = kidney | ((rank < 70) & patient.where(*YIELDING, box=around))
        grown = patient.most(np.where(kidney, -99, rank), allowed, size)
        if patient.ml(grown) < 0.8 * size:
            continue
        patient.paint(grown, around, name=name)
        for _ in range(int(patient.random.integers(25, 60))):
            place = patient.any_of(grown)
            assert place is not None
            radius = patient.random.uniform(5, 8) * (size / 150) ** (1 / 3)
            distance, box = patient.blob(place + [part.start for part in around], radius, roughness=0.05)
            cyst = (distance < 1) & patient.where(name, box=box)
            patient.paint(cyst, box, int(patient.random.choice(fluids)))
        drawn = True
    return drawn
