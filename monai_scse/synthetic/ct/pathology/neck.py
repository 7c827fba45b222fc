"""What lies above a chest: shoulders and a neck, of which nothing is one of the ten organs."""

from __future__ import annotations

import numpy as np

from ..structures import STRUCTURE_INDEX
from .patient import Patient

__all__ = ["neck_and_shoulders"]

_LARGEST_APEX_CM2 = 40.0  # of the lungs in the last slice of a scan that ends with the chest


def _middle_of(patient: Patient, name: str, otherwise: np.ndarray) -> np.ndarray:
    """Middle of a structure in the last slice in mm, (2,), where it is near the middle of the body."""
    places = np.argwhere(patient.labels[..., -1] == STRUCTURE_INDEX[name]) * patient.spacing[:2]
    near = places[np.abs(places[:, 0] - otherwise[0]) < 30]
    return near.mean(axis=0) if len(near) else otherwise


def neck_and_shoulders(patient: Patient, size: float) -> bool:
    """The scan goes on upwards: the section of the body becomes that of a neck."""
    from scipy.ndimage import distance_transform_edt

    last, random, step = patient.labels[..., -1], patient.random, patient.spacing
    pixel_cm2 = float(step[0] * step[1]) / 100
    lungs = [STRUCTURE_INDEX[side] for side in ("right lung", "left lung")]
    apex = np.isin(last, lungs).sum() * pixel_cm2
    if not np.isin(patient.labels, lungs).any() or apex > _LARGEST_APEX_CM2:
        return False
    body = (last > 0) & (last != STRUCTURE_INDEX["table"])
    if not body.any():
        return False
    middle = np.argwhere(body).mean(axis=0) * step[:2]
    spine = _middle_of(patient, "bone", middle - [0, 20])
    airway = _middle_of(patient, "airway", spine - [0, -40])
    heights = np.arange(1, int(size / step[2]) + 1) * step[2]
    first = patient.labels.shape[2]
    patient.go_on_upwards(len(heights))
    x, y = (np.arange(length) * width for length, width in zip(body.shape, step[:2]))
    x, y = x[:, None, None], y[None, :, None]
    radii = random.uniform((52, 55), (70, 75))
    shoulder = random.uniform(50, 110)  # mm over which the shoulders slope to the neck
    slope = np.clip(heights / shoulder, 0, 1)[None, None]
    outside = distance_transform_edt(~body, sampling=step[:2]) - distance_transform_edt(body, sampling=step[:2])
    neck = (np.hypot((x - spine[0]) / radii[0], (y - spine[1] - 22) / radii[1]) - 1) * radii.mean()
    depth = -((1 - slope) * outside[..., None] + slope * neck)  # mm below the skin
    box = (slice(None), slice(None), slice(first, None))
    noise = patient.noise(box, 22)
    fat = random.uniform(4, 14)
    for name, inside in (
        ("muscle", depth > 0),
        ("subcutaneous fat", (depth > 2) & (depth < fat + 2 * noise)),
        ("subcutaneous fat", (depth > fat) & (np.abs(noise) < 0.12)),  # between muscles
    ):
        patient.paint(inside, box, name=name)
    deep = depth > 6
    for side in (-1, 1):
        lateral = spine[0] + side * (random.uniform(110, 140) - 0.3 * heights)[None, None]
        bone = np.hypot(x - lateral, y - spine[1]) < (random.uniform(16, 26) * (1 - slope))  # shoulder blade, humerus
        patient.paint(bone & deep, box, name="bone")
        for name, aside, radius in (("arteries", 22, 4.5), ("inferior vena cava", 31, random.uniform(4, 8))):
            vessel = np.hypot(x - airway[0] - side * aside, y - airway[1] + 4 + 0 * slope) < radius
            patient.paint(vessel & deep, box, name=name)
    for name, centre, radius in (
        ("bone", spine, 14.0),
        ("spinal canal", spine - [0, 18], 8.0),
        ("airway", airway, random.uniform(7, 10)),
    ):
        patient.paint((np.hypot(x - centre[0], y - centre[1]) + 0 * slope < radius) & deep, box, name=name)
    return True
