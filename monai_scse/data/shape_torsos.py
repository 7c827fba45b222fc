"""Torsos of simple shapes, of one average adult with a spread: what the weights of the CT bundle 0.1.0 learnt from.

Kept for the demo of those weights, until they have learnt from :mod:`monai_scse.data.synthetic_ct`, whose torsos have
the sizes of people. Anatomy and seeds are as they were then; the scanner is the present one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .ct_rendering import STRUCTURE_INDEX, SyntheticCT, render_ct, smooth_noise

__all__ = ["shape_torso_ct"]

# lower and upper end of a scan in mm; z is 0 at the first lumbar vertebra
_FIELDS_OF_VIEW = {
    "whole torso": (-300.0, 215.0),
    "abdomen and pelvis": (-300.0, 90.0),
    "thorax and abdomen": (-140.0, 215.0),
    "abdomen": (-150.0, 95.0),
}


class _Anatomy:
    """One person: draws its proportions once and paints its structures, later ones over earlier ones."""

    def __init__(self, generator: np.random.Generator, axes: Sequence[np.ndarray], spacing: np.ndarray) -> None:
        self.random = generator
        self.spacing = spacing
        shape = tuple(len(axis) for axis in axes)
        self.labels = np.zeros(shape, dtype=np.uint8)
        self.size = generator.normal(1.0, 0.06)  # of the skeleton, relative to the average
        self.width = self.size * generator.normal(1.0, 0.05)
        self.depth = self.size * generator.normal(1.0, 0.07)
        self.fat = float(np.clip(generator.gamma(3.0, 7.0), 4, 60))  # mm under the skin
        self.breath = generator.uniform(-15, 20)  # mm that the diaphragm is higher than on average
        # every shape is looked up at displaced coordinates: no two people, and no two sides, are alike
        grid = np.meshgrid(*axes, indexing="ij", sparse=True)
        bend = [generator.uniform(3, 7) * smooth_noise(generator, shape, 90 / spacing) for _ in range(3)]
        self.x, self.y, self.z = (
            (axis + shift) / scale for axis, shift, scale in zip(grid, bend, (self.width, self.depth, self.size))
        )
        self.rough = smooth_noise(generator, shape, 25 / spacing)

    def jitter(self, value: float, spread: float) -> float:
        return float(self.random.normal(value, spread))

    def paint(self, name: str, inside: np.ndarray, box: tuple[slice, ...] = (), only: Sequence[str] = ()) -> None:
        region = self.labels[box]
        if only:
            inside = inside & np.isin(region, [STRUCTURE_INDEX[other] for other in only])
        region[inside] = STRUCTURE_INDEX[name]

    def outline(self, heights: Sequence[float], half_widths: Sequence[float], margin_mm: float = 0.0) -> np.ndarray:
        """Relative distance from the axis of a trunk whose half width changes with height; below 1 is inside."""
        width = np.interp(self.z, heights, half_widths).astype(np.float32)
        across = (self.x / (width + margin_mm / self.width)) ** 2
        along = ((self.y - 5) / (0.72 * width + margin_mm / self.depth)) ** 2
        return across**1.2 + along**1.2

    def _box(self, centre: Sequence[float], reach: float) -> tuple[slice, ...]:
        """The voxels that may be within ``reach`` mm of the centre, whatever the displacement."""
        near = [abs(coordinate - position) < reach for coordinate, position in zip((self.x, self.y, self.z), centre)]
        inside = near[0] & near[1] & near[2]
        spans = []
        for axis in range(3):
            found = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
            spans.append(slice(found[0], found[-1] + 1) if found.size else slice(0, 0))
        return tuple(spans)

    def blob(
        self, centre: Sequence[float], radii: Sequence[float], roughness: float = 0.12, tilt: float = 0.2
    ) -> tuple[np.ndarray, tuple[slice, ...]]:
        """Relative distance from the centre of an uneven ellipsoid, and the box it is given in; below 1 is inside."""
        from scipy.spatial.transform import Rotation

        turn = Rotation.from_rotvec(self.random.normal(0, tilt, 3)).as_matrix().astype(np.float32)
        box = self._box(centre, 1.35 * max(radii))
        offset = [coordinate[box] - position for coordinate, position in zip((self.x, self.y, self.z), centre)]
        distance = sum(
            (sum(weight * part for weight, part in zip(row, offset)) / radius) ** 2 for row, radius in zip(turn, radii)
        )
        return np.sqrt(distance) + roughness * self.rough[box], box

    def organ(
        self,
        name: str,
        centre: Sequence[float],
        radii: Sequence[float],
        spread_mm: float = 6.0,
        spread: float = 0.12,
        within: np.ndarray | None = None,
        **shape: float,
    ) -> tuple[np.ndarray, tuple[slice, ...]]:
        """Paint an uneven ellipsoid around a position drawn near the usual one; returns its distance and its box."""
        centre = [self.jitter(value, spread_mm) for value in centre]
        growth = self.jitter(1.0, spread)
        radii = [max(value * growth * self.jitter(1.0, spread / 2), 3.0) for value in radii]
        distance, box = self.blob(centre, radii, **shape)
        inside = distance < 1
        if within is not None:
            inside &= within[box]
        self.paint(name, inside, box)
        return distance, box

    def tube(self, name: str, nodes: Sequence[tuple[float, float, float, float]], uneven: float = 0.08) -> None:
        """Paint a vessel or muscle along nodes of (x, y, z, radius), z rising."""
        x, y, z, radius = np.array(nodes, dtype=np.float32).T
        rows = np.flatnonzero((self.z >= z[0]).any(axis=(0, 1)) & (self.z <= z[-1]).any(axis=(0, 1)))
        if not rows.size:
            return
        box = (slice(None), slice(None), slice(rows[0], rows[-1] + 1))
        height = self.z[box]
        distance = np.hypot(self.x[box] - np.interp(height, z, x), self.y[box] - np.interp(height, z, y)) / np.interp(
            height, z, radius
        )
        inside = (distance + uneven * self.rough[box] < 1) & (height >= z[0]) & (height <= z[-1])
        self.paint(name, inside, box)


def _trunk(body: _Anatomy) -> tuple[np.ndarray, np.ndarray]:
    """Skin to body wall. Returns where the abdominal cavity and where the chest may be."""
    random = body.random
    heights = (-330, -260, -170, -90, 0, 110, 190, 235)
    cavity = (122, 128, 122, 112, 126, 132, 112, 60)
    inner = body.outline(heights, cavity)
    skin = body.outline(heights, (150, 152, 135, 122, 134, 146, 150, 120), body.fat + 14) < 1
    body.paint("subcutaneous fat", skin)
    body.paint("muscle", body.outline(heights, (140, 140, 126, 114, 128, 140, 140, 100), 12) < 1)
    body.paint("visceral fat", inner < 1)
    # muscles of the back and of the buttocks, left and right
    for side in (-1, 1):
        body.organ("muscle", (side * 38, -88, 0), (34, 24, 330), spread_mm=3, tilt=0.02, within=skin)
        body.organ("muscle", (side * 80, -75, -270), (70, 40, 90), spread_mm=6, within=skin)
    if random.random() < 0.4:  # arms at the sides
        for side in (-1, 1):
            distance, box = body.organ(
                "subcutaneous fat",
                (side * (175 + body.fat), -5, 60),
                (38 + body.fat / 5, 40 + body.fat / 5, 400),
                spread_mm=8,
                tilt=0.03,
            )
            body.paint("muscle", distance < 0.8, box)
            body.paint("bone", distance < 0.3, box)
    return inner < 1, inner


def _skeleton(body: _Anatomy, inner: np.ndarray) -> None:
    vertebra = body.jitter(34, 1.5)
    phase = (body.z / vertebra) % 1
    column = np.hypot(body.x / 23, (body.y + 62) / 18) + 0.05 * body.rough
    body.paint("bone", (column < 1) & (phase < 0.78))
    body.paint("cartilage", (column < 1) & (phase >= 0.78))
    process = (abs(body.x) < 7) & (body.y < -78) & (body.y > -108) & (phase < 0.6)
    body.paint("bone", process)
    body.paint("cartilage", np.hypot(body.x / 9, (body.y + 86) / 8) < 1)  # spinal canal
    # ribs: a thin wall around the chest, cut into oblique bands
    wall = (inner > 0.98) & (inner < 1.22) & (body.z > 0) & (body.z < 225)
    band = ((body.z + 0.45 * body.y) / body.jitter(27, 1.5)) % 1
    front = (abs(body.x) < 20) & (body.y > 0)
    body.paint("bone", wall & ((band < 0.42) | front) & (body.z > 30 - 0.35 * abs(body.x)))
    # wings of the pelvis and the sacrum
    for side in (-1, 1):
        distance, box = body.blob((side * 88, -28, -200), (52, 62, 85), roughness=0.05, tilt=0.1)
        shell = (distance > 0.84) & (distance < 1) & (body.x[box] * side > 62) & (body.z[box] < -140)
        body.paint("bone", shell, box)
        body.organ("bone", (side * 92, 0, -290), (27, 27, 30), spread_mm=3)
        body.organ("bone", (side * 25, 45, -300), (28, 12, 12), spread_mm=3)
    body.organ("bone", (0, -70, -220), (42, 22, 45), spread_mm=3)


def _diaphragm(body: _Anatomy) -> np.ndarray:
    """Height of the diaphragm above every voxel's x and y."""
    top = np.where(body.x > 0, body.jitter(62, 6), body.jitter(50, 6)) + body.breath
    rho = ((abs(body.x) - 62) / 75) ** 2 + ((body.y - 10) / 95) ** 2
    return top - 65 * np.minimum(rho, 1.6)


def _chest(body: _Anatomy, inner: np.ndarray, diaphragm: np.ndarray) -> None:
    chest = (inner < 0.98) & (body.z > diaphragm)
    half = body.jitter(26, 4) + 0.12 * np.clip(body.z - 60, 0, 100) * (body.y > -40)
    spine = np.hypot(body.x / 32, (body.y + 62) / 28) < 1
    lungs = chest & (abs(body.x) + 3 * body.rough > half) & ~spine
    body.paint("right lung", lungs & (body.x > 0))
    body.paint("left lung", lungs & (body.x <= 0))
    body.organ("heart", (-28, 22, 82 + body.breath / 2), (58, 48, 48), within=chest, spread_mm=5)
    body.tube("airway", [(4, -20, 130, 9), (4, -22, 240, 9)])


def _hollow(body: _Anatomy, organ: str, centre: Sequence[float], radii: Sequence[float], within: np.ndarray) -> None:
    """An organ with a wall, filled with fluid or contrast agent, and gas on top (in front) or nowhere."""
    distance, box = body.organ(f"{organ} wall", centre, radii, spread_mm=10, spread=0.2, within=within, roughness=0.2)
    wall = 1 - 3.5 / np.mean(radii)
    inside = (distance < wall) & within[box]
    body.paint(f"{organ} content", inside, box)
    level = centre[1] + body.random.uniform(-1.2, 1.2) * radii[1]
    body.paint("gas", inside & (body.y[box] > level), box)


def _abdomen(body: _Anatomy, cavity: np.ndarray, diaphragm: np.ndarray) -> None:
    random, breath = body.random, body.breath
    below = cavity & (body.z < diaphragm - 3)
    for _ in range(int(random.integers(25, 45))):
        radius = random.uniform(10, 24)
        centre = (random.uniform(-95, 95), random.uniform(-15, 70), random.uniform(-250, -25))
        _hollow(body, "bowel", centre, (radius, radius, radius * random.uniform(1, 2.2)), below)
    grown = body.jitter(1.0, 0.1)
    right, box = body.blob((66, 8, 8 + breath), (72 * grown, 82 * grown, 80 * grown), tilt=0.12)
    body.paint("liver", (right < 1) & (below & (body.x > -5))[box], box)
    left, box = body.blob((2, 42, 28 + breath), (78 * grown, 42 * grown, 34 * grown), tilt=0.15)
    body.paint("liver", (left < 1) & below[box], box)
    _hollow(body, "stomach", (-56, 26, 8 + breath), (42, 36, 52), below)
    if random.random() < 0.85:
        body.organ("gallbladder", (48, 46, -30 + breath), (15, 16, 26), within=below, spread=0.25)
    if random.random() < 0.9:
        body.organ("pancreas", (-12, 6, -20 + breath), (62, 13, 15), within=below, tilt=0.3)
    body.organ("spleen", (-98, -30, 0 + breath), (29, 46, 52), within=below, spread_mm=7, spread=0.2)
    for side, name in ((1, "right kidney"), (-1, "left kidney")):
        height = (-45 if side > 0 else -30) + breath / 2
        body.organ("visceral fat", (side * 62, -50, height), (32, 34, 60), within=below, spread_mm=3)
        distance, box = body.organ(name, (side * 62, -50, height), (27, 29, 54), within=below, spread_mm=5)
        sinus = (distance < 0.6) & (side * body.x[box] < 60) & (np.abs(body.z[box] - height) < 22)
        body.paint("renal sinus", sinus, box, only=[name])
    bulk = body.jitter(1.0, 0.18)
    for side, name in ((1, "right psoas major"), (-1, "left psoas major")):
        nodes = [(72, 25, -290, 15), (66, 12, -220, 20), (52, -18, -160, 22), (42, -34, -95, 19), (29, -44, 10, 8)]
        sideways, forwards = random.normal(0, 2.5, 2)
        body.tube(name, [(side * (x + sideways), y + forwards, z, radius * bulk) for x, y, z, radius in nodes])
    body.tube("inferior vena cava", _vessel(body, 16, -28, (-95, -40, 20, 75), 11))
    aorta = body.jitter(11.5, 1.8)
    body.tube("aorta", _vessel(body, -14, -34, (-98, 0, 80, 170), aorta))
    if random.random() < 0.9:  # arch and ascending part
        body.organ("aorta", (-6, -10, 172), (16, 40, 16), spread_mm=3, spread=0.08, tilt=0.1)
        body.tube("aorta", [(10, 12, 110, aorta + 2), (12, 14, 175, aorta + 2)])
    for side in (-1, 1):  # common and external iliac vessels
        ends = [(side * 55, 12, -240, 6), (side * 25, -30, -140, 6), (-14, -34, -98, 7)]
        body.tube("arteries", [(body.jitter(x, 4), body.jitter(y, 4), z, r) for x, y, z, r in ends])
        ends = [(side * 48, 2, -240, 7), (side * 25, -40, -140, 7), (14, -34, -95, 8)]
        body.tube("inferior vena cava", [(body.jitter(x, 4), body.jitter(y, 4), z, r) for x, y, z, r in ends])
    full = random.uniform(0.5, 1.35)
    body.organ("urinary bladder", (0, 30, -262), (36 * full, 30 * full, 30 * full), within=cavity, roughness=0.06)


def _vessel(
    body: _Anatomy, x: float, y: float, heights: Sequence[float], radius: float
) -> list[tuple[float, float, float, float]]:
    return [(body.jitter(x, 4), body.jitter(y, 3), height, radius * body.jitter(1, 0.06)) for height in heights]


def shape_torso_ct(seed: int, spacing: Sequence[float] = (3.0, 3.0, 3.0), whole: bool = False) -> SyntheticCT:
    """Make the CT of a torso of simple shapes.

    Args:
        seed: the same seed and spacing give the same scan.
        spacing: voxel size in mm: left-right, front-back, along the body.
        whole: show the whole torso; a field of view is drawn otherwise.

    Example:
        >>> scan = shape_torso_ct(0, spacing=(9, 9, 9))
        >>> scan.image.shape == scan.labels.shape, bool((scan.labels == STRUCTURE_INDEX["liver"]).any())
        (True, True)
    """
    generator = np.random.default_rng(seed)
    drawn = str(generator.choice(list(_FIELDS_OF_VIEW)))
    step = np.array(spacing, dtype=float)
    view = _FIELDS_OF_VIEW["whole torso" if whole else drawn]
    lowest, highest = (end + generator.normal(0, 8) for end in view)
    half_width, half_depth = generator.uniform(185, 230), generator.uniform(150, 190)
    axes = [np.arange(-half, half, width, dtype=np.float32) for half, width in zip((half_width, half_depth), step[:2])]
    axes.append(np.arange(lowest, highest, step[2], dtype=np.float32))

    body = _Anatomy(generator, axes, step)
    cavity, inner = _trunk(body)
    diaphragm = _diaphragm(body)
    _skeleton(body, inner)
    _abdomen(body, cavity & (inner < 0.97), diaphragm)
    _chest(body, inner, diaphragm)
    if generator.random() < 0.7:
        height = generator.uniform(-150, -135) - body.fat
        plate = (axes[1][None, :] < height) & (axes[1][None, :] > height - 12) & (abs(axes[0][:, None]) < 200)
        body.paint("table", np.broadcast_to(plate[..., None], body.labels.shape), only=["background"])

    image = render_ct(generator, body.labels, step)
    # stored as scanners store it: the first axis to the left, the second to the back
    affine = np.diag([-step[0], -step[1], step[2], 1.0])
    affine[:3, 3] = [axes[0][-1], axes[1][-1], axes[2][0]]
    return SyntheticCT(image[::-1, ::-1].copy(), body.labels[::-1, ::-1].copy(), affine)
