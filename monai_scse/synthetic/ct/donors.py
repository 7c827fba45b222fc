"""Donors: whole bodies that lend everything but the organs which a person's drawing has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .anatomy import load_anatomy
from .canvas import TORSO
from .measures import draw_person
from .structures import STRUCTURE_INDEX
from .torso import paint_torso

__all__ = ["Donor", "labelled_scan", "torso_donor"]


@dataclass(frozen=True)
class Donor:
    """A body whose structures are all known.

    Args:
        structures: indices of :data:`.structures.SYNTHETIC_STRUCTURES`, uint8, (x, y, z), axes to the right, front
            and head, without a table. What the stomach holds is one with its wall.
        spacing: voxel size in mm, (3,).
    """

    structures: np.ndarray
    spacing: np.ndarray


def _donor(structures: np.ndarray, spacing: np.ndarray) -> Donor:
    """A donor of a map that has a table, and a stomach with wall, content and gas."""
    from scipy.ndimage import binary_dilation, find_objects, label

    found = structures.copy()
    found[found == STRUCTURE_INDEX["table"]] = STRUCTURE_INDEX["background"]
    stomach = np.isin(found, [STRUCTURE_INDEX["stomach wall"], STRUCTURE_INDEX["stomach content"]])
    bubbles, _ = label(found == STRUCTURE_INDEX["gas"])
    for number, box in enumerate(find_objects(bubbles), start=1):
        wide = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box)
        bubble = bubbles[wide] == number
        rim = binary_dilation(bubble) & ~bubble
        if stomach[wide][rim].mean() > 0.5:
            stomach[wide] |= bubble
    found[stomach] = STRUCTURE_INDEX["stomach content"]
    x, y = (np.flatnonzero(found.any(axis=others))[[0, -1]] for others in ((1, 2), (0, 2)))
    trunk = found[x[0] : x[1] + 1, y[0] : y[1] + 1]  # without the air around it
    return Donor(np.pad(trunk, ((1, 1), (1, 1), (0, 0))), np.asarray(spacing, dtype=float))


def labelled_scan(image_file: str | Path, label_file: str | Path, spacing: float = 3.0) -> Donor:
    """The body of a labelled scan, see :func:`.anatomy.load_anatomy`.

    Raises:
        InputError: when a file is missing or unreadable, the grids differ, or no organ is labelled.
    """
    anatomy = load_anatomy(image_file, label_file, (spacing,) * 3)
    return _donor(anatomy.structures, anatomy.spacing)


def torso_donor(seed: int, spacing: float = 3.0) -> Donor:
    """A synthetic torso, from the thighs to the shoulders.

    Args:
        seed: its person.
        spacing: voxel size in mm.
    """
    person = draw_person(np.random.default_rng(seed))
    axes = [np.arange(low, high, spacing) for low, high in TORSO]
    axes[2] = np.arange(TORSO[2][0] * person.size, TORSO[2][1] * person.size, spacing)
    return _donor(paint_torso(seed, person, axes).labels, np.full(3, spacing))
