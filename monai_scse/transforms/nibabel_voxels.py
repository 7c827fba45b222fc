"""Voxels of a file that nibabel reads, in little memory."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["float32_voxels"]

_PLANES = 8  # converted at a time


def float32_voxels(stored: Any) -> np.ndarray:
    """The voxels of an image, slope and intercept applied in float64, as float32 in the order that torch prefers.

    nibabel applies a slope to all voxels at once, in float64, and MONAI copies the result twice: 4.5 times its size in
    float32, where this takes 1.5.

    Args:
        stored: the ``dataobj`` of a nibabel image of real numbers.
    """
    from nibabel.volumeutils import apply_read_scaling

    if not hasattr(stored, "get_unscaled"):  # voxels of an image that was made in memory
        return np.ascontiguousarray(stored, dtype=np.float32)
    numbers = stored.get_unscaled()
    voxels = np.empty(numbers.shape, dtype=np.float32)
    axis = min(2, numbers.ndim - 1)
    for start in range(0, numbers.shape[axis], _PLANES):
        part = (*(slice(None),) * axis, slice(start, start + _PLANES))
        voxels[part] = apply_read_scaling(numbers[part], stored.slope, stored.inter)
    return voxels
