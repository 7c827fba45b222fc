"""What lies around the brain, made by rule: for networks that learn from skull-stripped scans only.

Layers of random thickness and intensity, from the inside out: cerebrospinal fluid, inner table, marrow, outer table,
muscle, fat, skin. Intensities are fractions of the brain's brightest; thicknesses are in mm and span more than heads
do, so that real heads lie inside what a network has seen (after SynthSeg's idea: B. Billot et al., "SynthSeg:
Segmentation of brain MRI scans of any contrast and resolution without retraining", Medical Image Analysis 86 (2023)).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .random_fields import smooth_noise

__all__ = ["tissue_around"]

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
    inside: np.ndarray, rng: np.random.RandomState, spacing: Sequence[float] = (1.0, 1.0, 1.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Layers of tissue around a brain.

    Args:
        inside: where the brain is, boolean (x, y, z).
        rng: source of all random numbers.
        spacing: size of a voxel in mm.

    Returns:
        intensities, float32, 0 within the brain and in the air; distance from the brain in mm, float32.
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
