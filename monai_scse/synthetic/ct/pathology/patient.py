"""The label map of a person on which pathology is painted, with densities of its own where it has some."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...fields import smooth_noise
from ..structures import STRUCTURE_INDEX
from .table import DENSITY

__all__ = ["ORGANS", "YIELDING", "Box", "Patient"]

Box = tuple[slice, slice, slice]

#: The ten organs of the whole-body CT bundle, which keep their voxels unless a pathology is one of theirs.
ORGANS = tuple(name for name, index in STRUCTURE_INDEX.items() if 1 <= index <= 10)
#: What gives way to whatever grows in the belly.
YIELDING = (
    *("visceral fat", "bowel wall", "bowel content", "stomach wall", "stomach content", "gas", "pancreas"),
    *("gallbladder", "uterus", "fluid", "renal sinus", "arteries", "inferior vena cava"),
)


class Patient:
    """A label map that pathology changes.

    Args:
        labels: indices of :data:`monai_scse.synthetic.ct.structures.SYNTHETIC_STRUCTURES`, uint8, (x, y, z), axes
            to the right, front and head. It is changed in place.
        spacing: voxel size in mm, (3,).
        random: everything that is drawn comes from it. Each pathology has one of its own.
    """

    def __init__(self, labels: np.ndarray, spacing: np.ndarray, random: np.random.Generator) -> None:
        self.labels = labels
        self.spacing = np.asarray(spacing, dtype=float)
        self.random = random
        self.voxel_ml = float(self.spacing.prod()) / 1000
        #: Of each voxel the position in ``densities``, from 1, or 0 where its structure says how dense it is, uint8.
        self.painted = np.zeros_like(labels)
        #: Hounsfield units by contrast phase, three numbers each.
        self.densities: list[np.ndarray] = []

    def where(self, *names: str, box: Box | None = None) -> np.ndarray:
        """Voxels of these structures."""
        table = np.zeros(256, dtype=bool)
        table[[STRUCTURE_INDEX[name] for name in names]] = True
        return table[self.labels if box is None else self.labels[box]]

    def ml(self, voxels: np.ndarray) -> float:
        return float(np.count_nonzero(voxels)) * self.voxel_ml

    def box_of(self, name: str, margin_mm: float = 0.0) -> Box | None:
        """The box around a structure, or None where there is none."""
        found = self.labels == STRUCTURE_INDEX[name]
        spans = []
        for axis, size in enumerate(found.shape):
            along = np.flatnonzero(found.any(axis=tuple(other for other in range(3) if other != axis)))
            if not along.size:
                return None
            more = int(np.ceil(margin_mm / self.spacing[axis]))
            spans.append(slice(max(int(along[0]) - more, 0), min(int(along[-1]) + 1 + more, size)))
        return spans[0], spans[1], spans[2]

    def is_cut(self, name: str) -> bool:
        """Whether the scan ends inside a structure."""
        return bool((self.labels[..., [0, -1]] == STRUCTURE_INDEX[name]).any())

    def density(self, material: str) -> int:
        """Draw a density of :data:`.table.DENSITY`. Its number is for :meth:`paint`."""
        *phases, deviation = DENSITY[material]
        self.densities.append(np.array(phases) + self.random.normal(0, deviation))
        return len(self.densities)

    def go_on_upwards(self, slices: int) -> None:
        """Add empty slices above the last one."""
        above = ((0, 0), (0, 0), (0, slices))
        self.labels, self.painted = np.pad(self.labels, above), np.pad(self.painted, above)

    def paint(self, inside: np.ndarray, box: Box, density: int = 0, name: str | None = None) -> None:
        """Give voxels of a box a density, 0 for that of their structure, and a name."""
        self.painted[box][inside] = density
        if name is not None:
            self.labels[box][inside] = STRUCTURE_INDEX[name]

    def around(self, centre: Sequence[float] | np.ndarray, reach_mm: float) -> Box:
        """A box around a voxel."""
        spans = [
            slice(max(int(middle - reach_mm / step), 0), max(min(int(middle + reach_mm / step) + 2, size), 1))
            for middle, step, size in zip(centre, self.spacing, self.labels.shape)
        ]
        return spans[0], spans[1], spans[2]

    def noise(self, box: Box, period_mm: float) -> np.ndarray:
        """A smooth random field of standard deviation about 1."""
        return smooth_noise(self.random, self.labels[box].shape, period_mm / self.spacing)

    def blob(
        self, centre: Sequence[float] | np.ndarray, radius_mm: float, roughness: float = 0.12
    ) -> tuple[np.ndarray, Box]:
        """Relative distance from a voxel to the surface of an uneven ball around it, below 1 inside, in a box."""
        box = self.around(centre, 1.6 * radius_mm)
        radii = radius_mm * np.exp(self.random.normal(0, 0.08, 3))
        grid = np.ogrid[tuple(slice(part.start, part.stop) for part in box)]
        away = sum(((g - c) * step / r) ** 2 for g, c, step, r in zip(grid, centre, self.spacing, radii))
        return np.sqrt(away) + roughness * self.noise(box, max(0.8 * radius_mm, 8.0)), box

    def most(self, rank: np.ndarray, allowed: np.ndarray, volume_ml: float) -> np.ndarray:
        """The allowed voxels of lowest rank that have a volume together, or all of them."""
        count = round(volume_ml / self.voxel_ml)
        candidates = rank[allowed]
        if count >= candidates.size:
            return allowed
        return allowed & (rank <= np.partition(candidates, count)[count])

    def away_from(self, inside: np.ndarray) -> np.ndarray:
        """Distance in mm from voxels of a box, measured on every second one of them."""
        from scipy.ndimage import distance_transform_edt, uniform_filter

        few = distance_transform_edt(~inside[::2, ::2, ::2], sampling=2 * self.spacing).astype(np.float32)
        for axis in range(3):
            few = np.repeat(few, 2, axis=axis)
        return uniform_filter(few[tuple(slice(size) for size in inside.shape)], 3)

    def any_of(self, inside: np.ndarray) -> np.ndarray | None:
        """A random voxel, or None where there is none."""
        found = np.flatnonzero(inside)
        if not found.size:
            return None
        return np.array(np.unravel_index(self.random.choice(found), inside.shape))
