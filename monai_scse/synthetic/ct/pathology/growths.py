"""What grows in liver and kidneys and counts as them: metastases, tumours, cysts."""

from __future__ import annotations

import numpy as np

from .patient import YIELDING, Box, Patient

__all__ = ["KIDNEYS", "kidney_cysts", "kidney_tumour", "liver_metastases", "liver_tumour"]

KIDNEYS = ("right kidney", "left kidney")


def _voxel_of(patient: Patient, organ: str, box: Box, rim: bool = False) -> np.ndarray:
    """A random voxel of an organ, with ``rim`` of its surface."""
    from scipy.ndimage import binary_erosion

    inside = patient.where(organ, box=box)
    if rim:
        inside &= ~binary_erosion(inside)
    place = patient.any_of(inside)
    assert place is not None  # the box is that of the organ
    return place + [part.start for part in box]


def _with_core(patient: Patient, inside: np.ndarray, distance: np.ndarray, box: Box, organ: str) -> None:
    """Paint a carcinoma, dead in its middle where it is large."""
    patient.paint(inside, box, patient.density("carcinoma"), organ)
    if patient.ml(inside) > 30 and patient.random.random() < 0.7:
        dead = inside & (distance + 0.35 * patient.noise(box, 20) < patient.random.uniform(0.3, 0.7))
        patient.paint(dead, box, patient.density("necrosis"))


def liver_metastases(patient: Patient, size: float) -> bool:
    """Round, darker than the liver after contrast agent, up to two dozen."""
    around = patient.box_of("liver")
    if around is None:
        return False
    tissue, dead = patient.density("metastasis"), patient.density("necrosis")
    for share in (1.0, *patient.random.uniform(0.15, 1.0, int(patient.random.integers(1, 24)))):
        distance, box = patient.blob(_voxel_of(patient, "liver", around), share * size / 2)
        liver = patient.where("liver", box=box)
        patient.paint(liver & (distance < 1), box, tissue)
        if share * size > 20 and patient.random.random() < 0.4:
            patient.paint(liver & (distance < 0.6), box, dead)
    return True


def liver_tumour(patient: Patient, size: float) -> bool:
    """One large tumour, in the liver or bulging out of it."""
    around = patient.box_of("liver")
    if around is None or patient.ml(patient.where("liver", box=around)) < 300:
        return False
    for _ in range(8):
        distance, box = patient.blob(_voxel_of(patient, "liver", around), size / 2)
        ball, liver = distance < 1, patient.where("liver", box=box)
        inside = ball & (liver | patient.where(*YIELDING, box=box))
        if np.count_nonzero(inside & liver) > 0.5 * np.count_nonzero(ball):
            _with_core(patient, inside, distance, box, "liver")
            return True
    return False


def kidney_tumour(patient: Patient, size: float) -> bool:
    """A tumour at the surface of a kidney, half of it outside."""
    name = KIDNEYS[int(patient.random.integers(2))]
    around = patient.box_of(name)
    if around is None or patient.is_cut(name):
        return False
    radius = (3000 * size / (4 * np.pi)) ** (1 / 3)
    place = _voxel_of(patient, name, around, rim=True)
    middle = [(part.start + part.stop) / 2 for part in around]
    outwards = (place - middle) * patient.spacing
    outwards[2] *= 0.5  # more to the side than up or down
    away = patient.random.uniform(0, 0.7) * radius * outwards / max(float(np.linalg.norm(outwards)), 1.0)
    distance, box = patient.blob(place + away / patient.spacing, radius)
    allowed = (distance < 1.35) & (patient.where(name, box=box) | patient.where(*YIELDING, box=box))
    inside = patient.most(distance, allowed, size)
    if patient.ml(inside) < 0.5 * size:
        return False
    _with_core(patient, inside, distance, box, name)
    return True


def kidney_cysts(patient: Patient, size: float) -> bool:
    """Up to six simple cysts of a kidney, most of them small."""
    drawn = False
    water = patient.density("water")
    for name in patient.random.permutation(KIDNEYS):
        around = patient.box_of(name)
        if around is None or (drawn and patient.random.random() < 0.6):
            continue
        for share in (1.0, *patient.random.uniform(0.15, 0.6, int(patient.random.integers(0, 6)))):
            distance, box = patient.blob(_voxel_of(patient, name, around, rim=True), share * size / 2, roughness=0.04)
            yields = patient.where(name, box=box) | patient.where(*YIELDING, box=box)
            patient.paint(yields & (distance < 1), box, water, name)
        drawn = True
    return drawn
