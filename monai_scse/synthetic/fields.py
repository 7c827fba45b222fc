"""Smooth random fields: what makes shapes uneven and textures real."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["smooth_noise", "spline_field"]

# CT draws from a Generator, MONAI's random transforms, which draw heads, from a RandomState
RandomSource = np.random.Generator | np.random.RandomState


def spline_field(generator: RandomSource, knots: Sequence[int], positions: Sequence[np.ndarray]) -> np.ndarray:
    """A random cubic spline of standard deviation about 1 on a grid.

    Args:
        generator: draws the coefficients.
        knots: how many there are along each axis, three more than the largest position at least.
        positions: of the voxels along each axis, in knots.
    """
    from scipy.interpolate import BSpline

    noise = generator.normal(0, 3, knots).astype(np.float32)  # the spline's three axes leave a third of the deviation
    for position, count in zip(positions, knots):
        weights = BSpline.design_matrix(position, np.arange(-3.0, count + 1), 3).toarray().astype(np.float32)
        noise = np.tensordot(noise, weights, axes=(0, 1))  # the axis just done becomes the last
    return noise


def smooth_noise(generator: RandomSource, shape: Sequence[int], period: np.ndarray) -> np.ndarray:
    """A :func:`spline_field` with a knot every ``period`` voxels along each axis."""
    positions = [np.arange(size) / step for size, step in zip(shape, period)]
    return spline_field(generator, [int(position[-1]) + 4 for position in positions], positions)
