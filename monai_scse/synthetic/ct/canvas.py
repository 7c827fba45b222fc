"""Paint organs of a wanted volume into a label map: uneven ellipsoids, tubes and free shapes in millimetres.

A shape is a distance that grows from its middle outwards. How far out the organ reaches is found on a coarse grid of
the whole torso, where its voxels are counted. The same reach holds on the grid of the scan, which may cut the organ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import numpy as np

from ..fields import spline_field
from .structures import STRUCTURE_INDEX

__all__ = ["SOFT", "TORSO", "Box", "Canvas", "Node"]

Box = tuple[slice, slice, slice]
Node = tuple[float, float, float, float]  # x, y, z and radius in mm
_EVERYWHERE: Box = (slice(None), slice(None), slice(None))

#: What organs may replace.
SOFT = ("visceral fat",)

#: Ends of the torso in mm, x to the right, y to the front, z up: all that a scan may show.
TORSO = ((-280.0, 280.0), (-220.0, 260.0), (-345.0, 330.0))
_LONGEST_BEND = 22.0  # mm


class Canvas:
    """A label map with coordinates in millimetres, displaced by random fields: no two people, no two sides are alike.

    Args:
        seed: everything that is drawn comes from it, the same on every grid.
        axes: positions of the voxels in mm along x, y and z.
        stretch: mm along z for each mm of a person of average height.
        levels: how far out each organ reaches, as measured by another canvas of the same seed. None measures it.
    """

    def __init__(
        self,
        seed: Sequence[int],
        axes: Sequence[np.ndarray],
        stretch: float = 1.0,
        levels: Sequence[float] | None = None,
    ) -> None:
        self._seed = tuple(seed)
        self.begin("canvas")
        self.voxel_ml = float(np.prod([axis[1] - axis[0] for axis in axes])) / 1000
        self.axes = [np.asarray(axis / scale, dtype=np.float32) for axis, scale in zip(axes, (1, 1, stretch))]
        self.labels = np.zeros([len(axis) for axis in axes], dtype=np.uint8)
        self.levels: list[float] = []
        self.measures_only = levels is None
        self._known = iter(levels or ())
        grid = np.meshgrid(*self.axes, indexing="ij", sparse=True)
        bend = [self.random.uniform(2, 8) * self.noise(90) for _ in range(3)]
        self.x, self.y, self.z = (
            axis + np.clip(shift, -_LONGEST_BEND, _LONGEST_BEND) for axis, shift in zip(grid, bend)
        )
        self.rough = self.noise(25)

    def begin(self, part: str) -> None:
        """Draw anew for a part of the torso, so that it does not depend on the parts before it."""
        self.random = np.random.default_rng((*self._seed, crc32(part.encode())))

    def noise(self, period: float) -> np.ndarray:
        """A smooth random field of standard deviation about 1, with a knot every ``period`` mm."""
        positions = [(np.clip(axis, low, high) - low) / period for axis, (low, high) in zip(self.axes, TORSO)]
        knots = [int((high - low) / period) + 4 for low, high in TORSO]
        return spline_field(self.random, knots, positions)

    def jitter(self, value: float, spread: float) -> float:
        return float(self.random.normal(value, spread))

    def box(self, *ends: tuple[float, float]) -> Box:
        """The voxels that may lie between the ends along x, y and z in mm, whatever the displacement."""
        x, y, z = (
            slice(*np.searchsorted(axis, (low - _LONGEST_BEND, high + _LONGEST_BEND)))
            for axis, (low, high) in zip(self.axes, ends)
        )
        return x, y, z

    def around(self, centre: Sequence[float], reach: float) -> Box:
        """A box around a point."""
        return self.box(*((middle - reach, middle + reach) for middle in centre))

    def paint(self, name: str, inside: np.ndarray, box: Box = _EVERYWHERE, only: Sequence[str] = ()) -> None:
        """Give a name to voxels, with ``only`` to those among them that are one of these structures."""
        region = self.labels[box]
        if only:
            inside = inside & self.is_one_of(only, box)
        region[inside] = STRUCTURE_INDEX[name]

    def is_one_of(self, names: Sequence[str], box: Box = _EVERYWHERE) -> np.ndarray:
        table = np.zeros(len(STRUCTURE_INDEX), dtype=bool)
        table[[STRUCTURE_INDEX[name] for name in names]] = True
        return table[self.labels[box]]

    def level(self, distance: np.ndarray, allowed: np.ndarray, volume_ml: float) -> float:
        """Up to which distance the allowed voxels have the volume. It is kept, and holds on another grid."""
        if self.measures_only:
            candidates = distance[allowed]
            count = min(round(volume_ml / self.voxel_ml), candidates.size - 1)
            self.levels.append(float(np.partition(candidates, count)[count]) if count >= 0 else 0.0)
        else:
            self.levels.append(next(self._known))
        return self.levels[-1]

    def ellipsoid(
        self, centre: Sequence[float], radii: Sequence[float], roughness: float = 0.1, tilt: Sequence[float] = (0, 0, 0)
    ) -> tuple[np.ndarray, Box]:
        """Relative distance from the centre of an uneven ellipsoid turned by ``tilt`` (a rotation vector), in a box."""
        from scipy.spatial.transform import Rotation

        turn = Rotation.from_rotvec(np.array(tilt) + self.random.normal(0, 0.1, 3)).as_matrix().astype(np.float32)
        box = self.around(centre, 1.5 * max(radii))
        offset = [coordinate[box] - middle for coordinate, middle in zip((self.x, self.y, self.z), centre)]
        parts = (
            (sum(float(weight) * part for weight, part in zip(row, offset)) / radius) ** 2
            for row, radius in zip(turn, radii)
        )
        return np.sqrt(sum(parts)) + roughness * self.rough[box], box

    def tube(
        self, nodes: Sequence[Sequence[float]], roughness: float = 0.06, reach: float = 1.6
    ) -> tuple[np.ndarray, Box]:
        """Relative distance from a bent tube through nodes (x, y, z, radius), in a box. Below 1 is inside.

        Args:
            nodes: at least two.
            roughness: how uneven its surface is.
            reach: up to which relative distance it is needed.
        """
        points = np.array(nodes, dtype=np.float32)
        width = reach * points[:, 3].max()
        box = self.box(*((low - width, high + width) for low, high in zip(points[:, :3].min(0), points[:, :3].max(0))))
        distance = np.full(self.x[box].shape, 99, dtype=np.float32)
        for start, end in pairwise(points):
            width = reach * max(start[3], end[3])
            part = self.box(
                *((min(a, b) - width, max(a, b) + width) for a, b in zip(start[:3].tolist(), end[:3].tolist()))
            )
            inner = tuple(slice(p.start - b.start, p.stop - b.start) for p, b in zip(part, box))
            along = end[:3] - start[:3]
            offset = [c[part] - middle for c, middle in zip((self.x, self.y, self.z), start[:3])]
            share = sum(float(step) * part_ for step, part_ in zip(along, offset)) / max(float(along @ along), 1e-3)
            share = np.clip(share, 0, 1)
            away = np.sqrt(sum((part_ - share * float(step)) ** 2 for step, part_ in zip(along, offset)))
            away /= start[3] + share * float(end[3] - start[3])
            np.minimum(distance[inner], away, out=distance[inner])
        return distance + roughness * self.rough[box], box
