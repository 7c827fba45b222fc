"""Draw pathology into a label map, with the labels kept right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from .aneurysm import aortic_aneurysm
from .drains import drain
from .fluids import ascites, pleural_effusion
from .growths import kidney_cysts, kidney_tumour, liver_metastases, liver_tumour
from .kidneys import atrophic_kidney, low_lying_kidney, missing_kidney, polycystic_kidney
from .masses import lung_mass, lymph_nodes, pelvic_mass, retroperitoneal_mass
from .neck import neck_and_shoulders
from .patient import Patient
from .spleen import splenomegaly
from .table import PATHOLOGY

__all__ = ["Illness", "draw_pathology"]

#: Draws a pathology of a size, and says whether there was a place for it.
_PAINTERS: dict[str, Callable[[Patient, float], bool]] = {
    "missing kidney": missing_kidney,
    "atrophic kidney": atrophic_kidney,
    "low-lying kidney": low_lying_kidney,
    "polycystic kidney": polycystic_kidney,
    "kidney cysts": kidney_cysts,
    "kidney tumour": kidney_tumour,
    "splenomegaly": splenomegaly,
    "liver metastases": liver_metastases,
    "liver tumour": liver_tumour,
    "aortic aneurysm": aortic_aneurysm,
    "pelvic mass": pelvic_mass,
    "retroperitoneal mass": retroperitoneal_mass,
    "lymph nodes": lymph_nodes,
    "ascites": ascites,
    "pleural effusion": pleural_effusion,
    "lung mass": lung_mass,
    "drain": drain,
    "neck and shoulders": neck_and_shoulders,
}


@dataclass(frozen=True)
class Illness:
    """A label map with pathology.

    Args:
        labels: indices of :data:`monai_scse.synthetic.ct.structures.SYNTHETIC_STRUCTURES`, uint8, (x, y, z). A neck
            adds slices above the last one.
        painted: of each voxel the position in ``densities``, from 1, or 0 where its structure says how dense it is.
        densities: Hounsfield units without contrast agent, in the arterial and the portal venous phase, (count, 3).
        sizes: of what was drawn, by its name in :data:`monai_scse.synthetic.ct.pathology.table.PATHOLOGY`.
    """

    labels: np.ndarray
    painted: np.ndarray
    densities: np.ndarray
    sizes: dict[str, float]


def draw_pathology(seed: int, labels: np.ndarray, spacing: np.ndarray, chances: Mapping[str, float]) -> Illness:
    """Draw pathology into a label map.

    Args:
        seed: the same seed gives the same pathology. Each kind draws from a source of its own.
        labels: indices of :data:`monai_scse.synthetic.ct.structures.SYNTHETIC_STRUCTURES`, uint8, (x, y, z), axes to
            the right, front and head. They stay as they are.
        spacing: voxel size in mm, (3,).
        chances: how likely each kind is, by its name in
            :data:`monai_scse.synthetic.ct.pathology.table.PATHOLOGY`. Those of the table are
            :data:`monai_scse.synthetic.ct.pathology.table.USUAL`.

    Raises:
        ValueError: when there is no such pathology, or a chance is not from 0 to 1.

    Example:
        >>> from monai_scse.synthetic.ct.structures import STRUCTURE_INDEX
        >>> labels = np.full((40, 40, 40), STRUCTURE_INDEX["visceral fat"], dtype=np.uint8)
        >>> labels[5:30, 5:30, 5:30] = STRUCTURE_INDEX["liver"]
        >>> ill = draw_pathology(0, labels, np.full(3, 5.0), {"liver metastases": 1.0})
        >>> sorted(ill.sizes), bool(ill.painted.any()), bool((ill.labels == labels).all())
        (['liver metastases'], True, True)
    """
    for name, chance in chances.items():
        if name not in PATHOLOGY:
            raise ValueError(f"pathology must be among {', '.join(PATHOLOGY)}, got {name!r}.")
        if not 0 <= chance <= 1:
            raise ValueError(f"the chance of {name!r} must be from 0 to 1, got {chance!r}.")
    patient = Patient(labels.copy(), spacing, np.random.default_rng(seed))
    sizes = {}
    for name, entry in PATHOLOGY.items():
        patient.random = np.random.default_rng((seed, crc32(name.encode())))
        size = float(np.exp(patient.random.uniform(*np.log(entry.size))))
        if patient.random.random() < chances.get(name, 0.0) and _PAINTERS[name](patient, size):
            sizes[name] = size
    densities = np.array(patient.densities, dtype=np.float32).reshape(-1, 3)
    return Illness(patient.labels, patient.painted, densities, sizes)
