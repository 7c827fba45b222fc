"""From a map of structures to a CT: Hounsfield units by contrast phase, vessels, texture, streaks, blur and noise.

The anatomies come from :mod:`monai_scse.synthetic.ct.torso` (procedural torsos) and
:mod:`monai_scse.synthetic.ct.anatomy` (a real label map, deformed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..fields import smooth_noise
from .pathology.draw import Illness
from .structures import BLOOD, HOUNSFIELD, STRUCTURE_INDEX, SYNTHETIC_STRUCTURES

__all__ = ["PHASES", "SyntheticCT", "render_ct", "save_cases"]

#: Contrast phases, in the order of :data:`monai_scse.synthetic.ct.structures.HOUNSFIELD`.
PHASES = ("plain", "arterial", "portal venous")
_CORTEX_MM, _WALL_MM = 6.5, 2.5  # thickness, of the kidneys' cortex and the aorta's wall


@dataclass(frozen=True)
class SyntheticCT:
    """A synthetic scan.

    Args:
        image: Hounsfield units, int16, (x, y, z).
        labels: indices of :data:`SYNTHETIC_STRUCTURES`, uint8, same shape.
        affine: voxel to world (RAS, mm) matrix, (4, 4). The voxel axes point to the left, back and head, as in DICOM.
        pathology: sizes of what was drawn, by its name in
            :data:`monai_scse.synthetic.ct.pathology.table.PATHOLOGY`, which has their units.
    """

    image: np.ndarray
    labels: np.ndarray
    affine: np.ndarray
    pathology: Mapping[str, float] = field(default_factory=dict)


def _draw_phase(random: np.random.Generator) -> np.ndarray:
    """Shares of the plain, arterial and portal venous phase."""
    phase = random.choice(3, p=[0.2, 0.2, 0.6])
    return np.array([1.0, 0, 0]) if phase == 0 else np.eye(3)[phase] * 0.65 + random.dirichlet(np.ones(3)) * 0.35


def _draw_hounsfield(random: np.random.Generator, phase: np.ndarray) -> np.ndarray:
    """Hounsfield units of every structure of one person."""
    wide = random.choice([1.0, 2.5])  # soft tissue of half of the scans spreads wider than in people
    drawn = {
        name: float(np.dot(phase, values[:3]) + random.normal(0, values[3] * (wide if -50 < values[0] < 200 else 1)))
        for name, values in HOUNSFIELD.items()
    }
    bolus = random.uniform(0.6, 1.6)  # how dense the contrast agent is in arteries, by dose and delay
    for name in ("aorta", "arteries", "heart"):
        drawn[name] += float(phase[1]) * (bolus - 1) * (HOUNSFIELD[name][1] - HOUNSFIELD[name][0])
    for left, right in (("left kidney", "right kidney"), ("left lung", "right lung")):
        drawn[left] = drawn[right] + random.normal(0, 6)
    drawn["right psoas major"] = drawn["left psoas major"] = drawn["muscle"] + random.normal(0, 4)
    if random.random() < 0.2:
        drawn["liver"] -= random.uniform(15, 50)  # steatosis
    for organ in ("stomach", "bowel"):
        if random.random() < 0.35:  # contrast agent by mouth
            drawn[f"{organ} content"] = random.uniform(60, 350)
    if phase[2] > 0.4 and random.random() < 0.15:
        drawn["urinary bladder"] = random.uniform(50, 400)  # excreted contrast agent
        drawn["renal sinus"] = random.uniform(50, 600)
    return np.array([drawn.get(name, 0.0) for name in SYNTHETIC_STRUCTURES], dtype=np.float32)


def _vessels(
    random: np.random.Generator, shape: Sequence[int], spacing: np.ndarray, radius: float, period: float
) -> np.ndarray:
    """Branching curves: where two random fields are both near zero."""
    first, second = (smooth_noise(random, shape, period / spacing) for _ in range(2))
    return first**2 + second**2 < radius**2


def _inside(labels: np.ndarray, *names: str) -> np.ndarray:
    table = np.zeros(256, dtype=bool)
    table[[STRUCTURE_INDEX[name] for name in names]] = True
    return table[labels]


def _box_of(mask: np.ndarray, margin: int = 0) -> tuple[slice, ...]:
    spans = []
    for axis in range(3):
        found = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append(slice(max(found[0] - margin, 0), found[-1] + 1 + margin))
    return tuple(spans)


def _deep(mask: np.ndarray, spacing: np.ndarray, depth_mm: float) -> np.ndarray:
    """Voxels about ``depth_mm`` or more below the surface of a structure."""
    from scipy.ndimage import uniform_filter

    size = np.maximum(np.rint(2 * depth_mm / spacing), 1).astype(int)
    return mask & (uniform_filter(mask.astype(np.float32), size) > 0.92)


def _add_inner_structures(
    image: np.ndarray, labels: np.ndarray, random: np.random.Generator, spacing: np.ndarray, phase: np.ndarray
) -> None:
    """Vessels of liver and lungs, medulla, stripes of an arterial spleen, marrow: part of their organ in the labels."""
    veins, blood = (float(np.dot(phase, BLOOD[name])) for name in ("inferior vena cava", "arteries"))
    for names, value, radii, period in (
        (("liver",), veins, (0.1, 0.3), 28),
        (("right lung", "left lung"), blood, (0.12, 0.3), 30),
        (("right lung", "left lung"), blood, (0.25, 0.45), 15),
    ):
        organ, radius = _inside(labels, *names), random.uniform(*radii)
        if organ.any():
            box = _box_of(organ)
            image[box][organ[box] & _vessels(random, labels[box].shape, spacing, radius, period)] = value
    marrow = random.uniform(130, 280)
    kidneys = _inside(labels, "right kidney", "left kidney")
    if phase[1] > 0.3 and kidneys.any():
        box = _box_of(kidneys, margin=1 + int(_CORTEX_MM / spacing.min()))
        columns = smooth_noise(random, kidneys[box].shape, 9 / spacing) < -1  # of Bertin: cortex between the pyramids
        medulla = _deep(kidneys[box], spacing, _CORTEX_MM) & ~columns
        cortex = image[box][medulla]
        image[box][medulla] = np.maximum(cortex - random.uniform(110, 140) * phase[1], 0.4 * cortex)
    spleen = _inside(labels, "spleen")
    if phase[1] > 0.5 and spleen.any():  # contrast agent reaches the red pulp later than the white
        box = _box_of(spleen)
        stripes = np.sin(random.uniform(1.5, 4) * smooth_noise(random, spleen[box].shape, 14 / spacing))
        image[box] += random.uniform(0, 45) * stripes * spleen[box]
    aorta = _inside(labels, "aorta")
    if aorta.any() and random.random() < 0.4:  # calcified wall
        box = _box_of(aorta, margin=1 + int(_WALL_MM / spacing.min()))
        wall = aorta[box] & ~_deep(aorta[box], spacing, _WALL_MM)
        plaque = smooth_noise(random, wall.shape, 12 / spacing) > random.uniform(0.8, 1.8)
        image[box][wall & plaque] = random.uniform(300, 900)
    bone = labels == STRUCTURE_INDEX["bone"]
    if bone.any():
        image[_deep(bone, spacing, 3.0)] = marrow


def _add_lesions(image: np.ndarray, labels: np.ndarray, random: np.random.Generator, spacing: np.ndarray) -> None:
    """Cysts and other lesions: round, of another density, part of their organ in the labels."""
    for name in ("liver", "spleen", "right kidney", "left kidney"):
        if random.random() > 0.3:
            continue
        organ = _inside(labels, name)
        if not organ.any():
            continue
        box = _box_of(organ)
        organ, region = organ[box], image[box]
        inside = np.argwhere(organ)
        for _ in range(int(random.integers(1, 6))):
            centre, radius = random.choice(inside), random.uniform(4, 16) * random.uniform(0.5, 1.3, 3)
            offsets = np.ogrid[tuple(slice(0, size) for size in region.shape)]
            away = sum(((o - c) * step / r) ** 2 for o, c, step, r in zip(offsets, centre, spacing, radius))
            cyst = random.random() < 0.5
            density = random.uniform(0, 20) if cyst else np.median(region[organ]) + random.uniform(-60, 40)
            region[organ & (away < 1)] = density


def _thick_slices(image: np.ndarray, spacing_mm: float, thickness_mm: float, distance_mm: float) -> np.ndarray:
    """Average slabs of a thickness at a distance, and interpolate them back to the slices of the image."""
    height = np.arange(image.shape[2]) * spacing_mm
    slabs = np.arange(0, height[-1] + distance_mm, distance_mm)
    ends = [slabs[:, None] + sign * thickness_mm / 2 for sign in (-1, 1)]
    lower, upper = height[None] - spacing_mm / 2, height[None] + spacing_mm / 2
    overlap = np.clip(np.minimum(ends[1], upper) - np.maximum(ends[0], lower), 0, None)
    overlap /= np.maximum(overlap.sum(axis=1, keepdims=True), 1e-6)
    overlap[overlap.sum(axis=1) == 0, -1] = 1  # a slab above the last slice
    back = np.stack([np.interp(height, slabs, row) for row in np.eye(len(slabs))], axis=1)
    return image @ (back @ overlap).T.astype(np.float32)


def _streaks(random: np.random.Generator, labels: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Noise along rows from left to right, where they cross much body, bone or metal."""
    from scipy.ndimage import gaussian_filter, gaussian_filter1d

    weight = np.ones(256, dtype=np.float32)
    weight[0] = 0
    weight[[STRUCTURE_INDEX[name] for name in ("bone", "metal")]] = 3, 14
    path = weight[labels].sum(axis=0) * spacing[0]  # mm of water, for each row
    starved = np.clip((gaussian_filter(path, 1) - 330) / 200, 0, 3).astype(np.float32)
    lines = gaussian_filter1d(random.standard_normal(labels.shape, dtype=np.float32), 60 / spacing[0], axis=0)
    return lines / max(float(lines.std()), 1e-6) * starved * (labels > 0)


def _scan(random: np.random.Generator, image: np.ndarray, labels: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """What the scanner adds: blur of kernel and slices, noise of the kernel's grain, streaks."""
    from monai.transforms import RandGaussianNoise, RandGaussianSmooth

    sharp, soft = (0.9 / spacing[0], 2.4 / spacing[0]), (0.35, 0.7)
    blur, grain = RandGaussianSmooth(sharp, sharp, prob=1.0), RandGaussianSmooth(soft, soft, prob=1.0)
    noise = RandGaussianNoise(prob=1.0, std=1.0, sample_std=False)
    for transform in (blur, grain, noise):
        transform.set_random_state(int(random.integers(2**31)))
    slices = np.ascontiguousarray(np.moveaxis(image, 2, 0))  # as channels: many times faster than a 3D convolution
    image = np.moveaxis(np.asarray(blur(slices)), 0, 2)
    speckle = np.moveaxis(np.asarray(grain(noise(np.zeros_like(slices)))), 0, 2)
    image = image + random.uniform(4, 22) / max(float(speckle.std()), 1e-6) * speckle
    if random.random() < 0.3 or (labels == STRUCTURE_INDEX["metal"]).any():
        image = image + random.uniform(8, 40) * _streaks(random, labels, spacing)
    thickness = random.uniform(1, 5)
    if thickness > spacing[2]:
        image = _thick_slices(image, spacing[2], thickness, random.uniform(0.8, 1.0) * thickness)
    return image


def render_ct(
    random: np.random.Generator,
    labels: np.ndarray,
    spacing: np.ndarray,
    texture: np.ndarray | None = None,
    phase: str | None = None,
    illness: Illness | None = None,
) -> np.ndarray:
    """Scan a map of structures.

    Args:
        random: draws person, contrast phase and scanner.
        labels: indices of :data:`SYNTHETIC_STRUCTURES`, (x, y, z), axes to the right, front and head.
        spacing: voxel size in mm, (3,).
        texture: added inside the body, in Hounsfield units, same shape as ``labels``. None draws it.
        phase: one of :data:`PHASES`. None draws a mixture of them.
        illness: what has a density of its own, on the same grid. Its labels are those given.

    Returns:
        Hounsfield units, int16, same shape.

    Raises:
        ValueError: when there is no such phase.
    """
    if phase is not None and phase not in PHASES:
        raise ValueError(f"phase must be one of {', '.join(PHASES)} or None, got {phase!r}.")
    shares = _draw_phase(random) if phase is None else np.eye(3)[PHASES.index(phase)]
    image = _draw_hounsfield(random, shares)[labels]
    _add_inner_structures(image, labels, random, spacing, shares)
    _add_lesions(image, labels, random, spacing)
    if illness is not None:
        painted = illness.painted > 0
        image[painted] = (illness.densities @ shares)[illness.painted[painted] - 1]
    strength = np.full(256, 6, dtype=np.float32)
    strength[[STRUCTURE_INDEX[name] for name in ("background", "airway", "gas", "metal")]] = 0
    strength[STRUCTURE_INDEX["bone"]] = 70
    strength[[STRUCTURE_INDEX["right lung"], STRUCTURE_INDEX["left lung"]]] = 35
    for organ in ("stomach", "bowel"):  # food, stool, contrast agent that reached one loop and not the next
        strength[STRUCTURE_INDEX[f"{organ} content"]] = random.uniform(6, 60)
    image += (1 if texture is None else 0.5) * strength[labels] * smooth_noise(random, labels.shape, 12 / spacing)
    if texture is not None:
        image += texture
    towards_back = np.linspace(1, -1, labels.shape[1], dtype=np.float32)[None, :, None]
    image += np.where(_inside(labels, "right lung", "left lung"), 40 * towards_back, 0)  # where blood sinks to
    image = _scan(random, image, labels, spacing)
    return np.clip(np.rint(image), -1024, 3071).astype(np.int16)


def save_cases(
    output_dir: str | Path,
    seeds: Iterable[int],
    make: Callable[[int], SyntheticCT],
    prefix: str = "ct",
) -> None:
    """Write synthetic scans as a labelled data set: ``images/<prefix>_<seed>.nii.gz`` and the same in ``labels/``.

    Args:
        output_dir: the folder that receives the data set.
        seeds: one scan each.
        make: gives the scan of a seed.
        prefix: of the file names.
    """
    import nibabel

    for seed in seeds:
        scan = make(seed)
        for part, volume in (("images", scan.image), ("labels", scan.labels)):
            folder = Path(output_dir) / part
            folder.mkdir(parents=True, exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(volume, scan.affine), folder / f"{prefix}_{seed:04}.nii.gz")
