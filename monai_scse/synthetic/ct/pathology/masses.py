"""Masses that belong to no organ of ours: of the pelvis, of the space behind the belly, lymph nodes, of a lung."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .growths import KIDNEYS
from .patient import YIELDING, Box, Patient

__all__ = ["lung_mass", "lymph_nodes", "pelvic_mass", "retroperitoneal_mass"]


def _paint_mass(patient: Patient, inside: np.ndarray, box: Box) -> None:
    """Solid, full of fluid, or both."""
    kind = patient.random.random()
    if kind < 0.6:
        patient.paint(inside, box, patient.density("solid mass"), "mass")
    else:
        patient.paint(inside, box, patient.density("exudate"), "mass")
    if 0.3 < kind < 0.85:
        other = "necrosis" if kind < 0.6 else "solid mass"
        part = inside & (patient.noise(box, patient.random.uniform(20, 45)) > patient.random.uniform(-0.3, 0.9))
        patient.paint(part, box, patient.density(other))


def _grow(patient: Patient, centre: Sequence[float] | np.ndarray, ml: float, least: float) -> bool:
    """A mass of a volume around a voxel. What yields makes room, the rest bounds it."""
    radius = (3000 * ml / (4 * np.pi)) ** (1 / 3)
    distance, box = patient.blob(centre, radius)
    allowed = (distance < 1.45) & patient.where(*YIELDING, box=box)
    inside = patient.most(distance, allowed, ml)
    if patient.ml(inside) < max(0.4 * ml, least):
        return False
    _paint_mass(patient, inside, box)
    return True


def pelvic_mass(patient: Patient, size: float) -> bool:
    """A tumour that rises from the pelvis, on or behind the bladder."""
    around = patient.box_of("urinary bladder")
    if around is None:
        return False
    radius = (3000 * size / (4 * np.pi)) ** (1 / 3)
    middle = [(part.start + part.stop) / 2 for part in around]
    up = patient.random.uniform(0.6, 1.0) * radius / patient.spacing[2]
    aside = patient.random.normal(0, 15) / patient.spacing[0]
    return _grow(patient, (middle[0] + aside, middle[1], around[2].stop + up), size, least=100)


def retroperitoneal_mass(patient: Patient, size: float) -> bool:
    """A tumour beside a kidney, which stays what it is."""
    name = KIDNEYS[int(patient.random.integers(2))]
    around = patient.box_of(name, margin_mm=25)
    if around is None:
        return False
    place = patient.any_of(patient.where("visceral fat", box=around))
    return place is not None and _grow(patient, place + [part.start for part in around], size, least=50)


def lymph_nodes(patient: Patient, size: float) -> bool:
    """Enlarged nodes along the aorta, single or in clusters."""
    around = patient.box_of("aorta", margin_mm=25)
    if around is None:
        return False
    near = patient.away_from(patient.where("aorta", box=around)) < 22
    density = patient.density("solid mass")
    fat = patient.where("visceral fat", box=around) & near
    if not fat.any():
        return False
    for share in (1.0, *patient.random.uniform(0.4, 1.0, int(patient.random.integers(2, 18)))):
        place = patient.any_of(fat)
        assert place is not None
        distance, box = patient.blob(place + [part.start for part in around], share * size / 2)
        patient.paint((distance < 1) & patient.where("visceral fat", "mass", box=box), box, density, "mass")
    return True


def lung_mass(patient: Patient, size: float) -> bool:
    """A solid mass in a lung. It holds no air, so it is no lung."""
    name = ("right lung", "left lung")[int(patient.random.integers(2))]
    around = patient.box_of(name)
    if around is None or patient.ml(patient.where(name, box=around)) < 400:
        return False
    place = patient.any_of(patient.where(name, box=around))
    assert place is not None
    distance, box = patient.blob(place + [part.start for part in around], size / 2, roughness=0.22)
    inside = (distance < 1) & patient.where(name, "arteries", box=box)
    _paint_mass(patient, inside, box)
    return True
