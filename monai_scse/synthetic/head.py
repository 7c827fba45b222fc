"""Synthetic heads around skull-stripped brains: leftovers of the skull, or a whole head.

Layers of random thickness and intensity, from the inside out: cerebrospinal fluid, inner table, marrow, outer table,
muscle, fat, skin. Intensities are fractions of the brain's brightest. Thicknesses are in mm and span more than heads
do, so that real heads lie inside the range of the training. The idea is SynthSeg's: B. Billot et al., "SynthSeg:
Segmentation of brain MRI scans of any contrast and resolution without retraining", Medical Image Analysis 86 (2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .fields import smooth_noise

__all__ = ["tissue_around", "whole_head"]

#: name, thickness (mm) and intensity of a layer, each from ... to
LAYERS = (
    ("cerebrospinal fluid", (0.0, 5.0), (0.0, 0.35)),
    ("inner table", (1.0, 4.0), (0.0, 0.2)),
    ("marrow", (0.0, 6.0), (0.1, 1.0)),
    ("outer table", (1.0, 3.0), (0.0, 0.2)),
    ("muscle", (0.0, 10.0), (0.3, 0.8)),
    ("fat", (1.0, 10.0), (0.5, 1.6)),
    ("skin", (1.0, 3.0), (0.2, 0.8)),
)


def tissue_around(
    inside: np.ndarray, rng: np.random.Generator, spacing: Sequence[float] = (1.0, 1.0, 1.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Layers of tissue around a brain.

    Args:
        inside: where the brain is, boolean (x, y, z).
        rng: source of all random numbers.
        spacing: size of a voxel in mm.

    Returns:
        intensities, float32, 0 within the brain and in the air, and the distance from the brain in mm, float32.
    """
    from scipy.ndimage import distance_transform_edt

    distance = distance_transform_edt(~inside, sampling=spacing).astype(np.float32)
    scale = 25 / np.asarray(spacing)
    stretch = np.exp(0.2 * smooth_noise(rng, inside.shape, scale))
    edges = np.cumsum([rng.uniform(*thickness) for _, thickness, _ in LAYERS])
    values = np.array([rng.uniform(*intensity) for _, _, intensity in LAYERS] + [0.0], dtype=np.float32)
    tissue = values[np.searchsorted(edges, distance * stretch)]
    tissue *= np.clip(1 + 0.25 * smooth_noise(rng, inside.shape, scale / 4), 0.2, 2)
    return np.where(inside, np.float32(0), tissue), distance


#: room for the head around the brain in mm: left and right, back and front, below and above, each from ... to
_MARGINS = (((15, 40), (15, 40)), ((15, 40), (25, 60)), ((0, 90), (10, 40)))


def _blobs(shape: Sequence[int], scale: np.ndarray, rng: np.random.Generator, kinds: int = 10) -> np.ndarray:
    """Patches of random tissues, a fifth of them air."""
    kind = np.argmax([smooth_noise(rng, shape, scale) for _ in range(kinds)], axis=0)
    values = np.where(rng.random(kinds) < 0.2, 0.02, rng.uniform(0.1, 1.3, kinds)).astype(np.float32)
    return values[kind] * np.clip(1 + 0.2 * smooth_noise(rng, shape, scale / 4), 0.2, 2)


def whole_head(brain: np.ndarray, rng: np.random.Generator, spacing: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Put skull, scalp, face, eyes, neck and spinal cord around a skull-stripped brain.

    Everything about them is random: thickness, intensity, gaps, size and the field of view. The face
    is made of patches of random tissues.

    Args:
        brain: skull-stripped scan, axes to the right, the front and the top (RAS), [0, 1], 0 outside the brain.
        rng: source of all random numbers.
        spacing: size of a voxel in mm.

    Returns:
        scan of the head, float32 of a larger shape, 0 in the air, and where the brain is in it, boolean.
    """
    from scipy.ndimage import binary_closing, binary_fill_holes, distance_transform_edt, gaussian_filter

    voxel = np.asarray(spacing, dtype=float)
    found = np.argwhere(brain > 0)
    low, high = found.min(axis=0), found.max(axis=0) + 1
    drawn = [[rng.uniform(*side) / step for side in sides] for sides, step in zip(_MARGINS, voxel)]
    margins = np.round(drawn).astype(int)
    brain = np.pad(brain[tuple(slice(*ends) for ends in zip(low, high))], margins)
    inside = brain > 0
    mm = np.stack(np.meshgrid(*(np.arange(n) for n in brain.shape), indexing="ij"), axis=-1) * voxel
    first = margins[:, 0] * voxel  # the brain's right (left of the array), back and bottom
    size = (high - low) * voxel
    middle = first + size / 2

    steps = max(1, round(8 / float(voxel.mean())))
    cranium = binary_closing(np.pad(inside, steps), iterations=steps)[(slice(steps, -steps),) * 3] | inside
    cranium = binary_fill_holes(cranium)
    head, distance = tissue_around(cranium, rng, voxel.tolist())
    fluid = rng.uniform(0, 0.4) * np.clip(1 + 0.3 * smooth_noise(rng, brain.shape, 10 / voxel), 0, 2)
    head = np.where(cranium, fluid, head).astype(np.float32)

    # face and neck: an ellipsoid below and before the brain, a cylinder below it, under fat and skin
    centre = np.array([middle[0], first[1] + rng.uniform(0.6, 0.75) * size[1], first[2] + rng.uniform(-30, 10)])
    face = (((mm - centre) / rng.uniform((60, 75, 75), (78, 100, 120))) ** 2).sum(axis=-1) < 1
    axis = np.array([middle[0], first[1] + rng.uniform(0.3, 0.5) * size[1]])
    neck = (((mm[..., :2] - axis) / rng.uniform((50, 55), (75, 85))) ** 2).sum(axis=-1) < 1
    neck &= mm[..., 2] < first[2] + 20
    soft = (face | neck) & (distance > rng.uniform(1, 6)) & ~cranium
    depth = distance_transform_edt(soft | cranium, sampling=voxel)
    skin, fat = rng.uniform(0, 3), rng.uniform(1, 10)
    tissue = np.where(depth < skin + fat, rng.uniform(0.5, 1.6), _blobs(brain.shape, 14 / voxel, rng))
    tissue = np.where(depth < skin, rng.uniform(0.2, 0.8), tissue)
    head = np.where(soft, tissue, head)

    for side in (-1, 1):
        x, y = middle[0] + side * rng.uniform(27, 36), middle[1] + size[1] / 2 + rng.uniform(-12, 8)
        away = np.linalg.norm(mm - (x, y, first[2] + rng.uniform(20, 45)), axis=-1)
        head = np.where((away < 20) & ~cranium, rng.uniform(0.6, 1.5), head)
        head = np.where((away < rng.uniform(10, 13)) & ~cranium, rng.uniform(0.05, 0.4), head)

    # the cord goes on where the brainstem was cut
    stem = mm[inside & (mm[..., 2] < first[2] + 6)].mean(axis=0)
    away = np.linalg.norm(mm[..., :2] - stem[:2], axis=-1) + 2 * smooth_noise(rng, brain.shape, 30 / voxel)
    below = (mm[..., 2] < stem[2] + 10) & ~inside
    canal, cord = rng.uniform(8, 13), rng.uniform(4, 7)
    head = np.where(below & (away < canal), rng.uniform(0, 0.35), head)
    head = np.where(below & (away < cord), rng.uniform(0.6, 1.0), head)

    head = np.where(inside, brain, gaussian_filter(head, 0.7 / voxel))
    return head.astype(np.float32), inside
