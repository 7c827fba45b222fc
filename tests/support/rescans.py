"""A second scan of the same person, made of the first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import affine_transform, center_of_mass
from scipy.spatial.transform import Rotation


def rescan(
    image: np.ndarray,
    affine: np.ndarray,
    rotation_deg: Sequence[float],
    translation_mm: Sequence[float],
    spacing: Sequence[float],
    noise: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn and shift a scan about its centre of mass, on an upright grid that holds all of it, and add noise.

    Args:
        image: the first scan. Its minimum is the background.
        affine: voxel to mm of the first scan.
        rotation_deg: about the axes to the right, anterior and superior, in this order.
        translation_mm: to the right, anterior and superior.
        spacing: voxel size of the second scan in mm.
        noise: standard deviation, where there is no background.

    Returns:
        the second scan and its affine.
    """
    background = image.min()
    centre = affine[:3, :3] @ center_of_mass(image - background) + affine[:3, 3]
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", rotation_deg, degrees=True).as_matrix()
    motion[:3, 3] = centre + translation_mm - motion[:3, :3] @ centre
    corners = np.array(np.meshgrid(*([0, size] for size in image.shape))).reshape(3, -1)
    reach = (motion @ affine)[:3, :3] @ corners + (motion @ affine)[:3, 3:]
    grid = np.diag([*spacing, 1.0])
    grid[:3, 3] = reach.min(axis=1)
    shape = np.ceil(np.ptp(reach, axis=1) / spacing).astype(int)
    to_first = np.linalg.inv(motion @ affine) @ grid
    second = affine_transform(
        image.astype(np.float32), to_first, output_shape=tuple(shape), order=1, cval=float(background)
    )
    noisy = second + np.random.default_rng(0).normal(0, noise, second.shape)
    return np.where(second > background, noisy, background).clip(background).astype(np.float32), grid
