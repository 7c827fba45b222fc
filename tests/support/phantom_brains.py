"""Phantoms near enough to labelled brains to run the whole pipeline on."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

# voxel to world of a tilted scan with anisotropic voxels, axes in the order left, anterior, superior
TILTED = np.array([[-1.2, 0.1, 0, 30], [0.08, 1.1, -0.1, -25], [0, 0.1, 1.3, -20], [0, 0, 0, 1]])


def phantom(seed: int, shape: tuple[int, int, int] = (40, 44, 36)) -> tuple[np.ndarray, np.ndarray]:
    """An ellipsoid with left and right cortex and white matter in Neuromorphometrics numbers, and its T1 picture."""
    generator = np.random.default_rng(seed)
    radii = np.array(shape) * generator.uniform(0.38, 0.44, 3)
    grid = np.stack(np.meshgrid(*(np.arange(n) - n / 2 for n in shape), indexing="ij"), axis=-1)
    distance = np.linalg.norm(grid / radii, axis=-1)
    left = grid[..., 0] > 0  # the first axis points to the left
    label = np.zeros(shape, dtype=np.int16)
    label[distance < 1] = np.where(left, 101, 100)[distance < 1]
    label[distance < 0.7] = np.where(left, 45, 44)[distance < 0.7]
    label[distance < 0.3] = np.where(left, 52, 51)[distance < 0.3]
    intensity = {0: 0, 100: 600, 101: 600, 44: 1000, 45: 1000, 51: 200, 52: 200}
    image = np.vectorize(intensity.get)(label) + generator.normal(0, 30, shape)
    return np.where(label > 0, image, 0).clip(0).astype(np.int16), label


def save_case(folder: Path, name: str, image: np.ndarray, label: np.ndarray, affine: np.ndarray = TILTED) -> None:
    """Write one case of a labelled data set."""
    for part, volume in (("images", image), ("labels", label)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(volume, affine), folder / part / f"{name}.nii.gz")
