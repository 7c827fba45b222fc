"""Deformable registration of one label map to another: the organs of one body are laid on those of another.

Organs are compared by their signed distances, squashed beyond a few centimetres, each in a channel of its own. The
deformation is the flow of a steady velocity (V. Arsigny et al., A log-Euclidean framework for statistics on
diffeomorphisms, MICCAI 2006, by MONAI's ``DVF2DDF``). It folds nothing: what lies around an organ stays around it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["align_boxes", "register_labels"]

_STAGES = ((2, 24.0, 40), (1, 8.0, 18))  # coarser by, distances in mm that count, steps
_KNOTS = 3  # voxels between the knots of the velocity
_STIFFNESS, _BONES = 0.06, 15.0  # and how many times more of it bones have


def align_boxes(
    fixed: np.ndarray, moving: np.ndarray, scales: tuple[float, float] = (0.85, 1.2)
) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift of each axis that lay the ends of organs on one another, robust against single ones.

    H. Theil, A rank-invariant method of linear and polynomial regression analysis (1950).

    Args:
        fixed: lower end, middle and upper end of organs in mm, (organs, 3 of them, 3 axes), NaN where unknown.
        moving: the same of the other body.
        scales: the smallest and the largest scale.

    Returns:
        ``scale`` and ``shift`` with ``moving = scale * fixed + shift``, (3,) each.

    Example:
        >>> ends = np.array([[[0.0, 0, 0], [5, 5, 5], [10, 10, 10]], [[20, 30, 40], [25, 35, 45], [30, 40, 50]]])
        >>> align_boxes(ends, 1.1 * ends + 3)
        (array([1.1, 1.1, 1.1]), array([3., 3., 3.]))
    """
    from scipy.stats import theilslopes

    scale, shift = np.ones(3), np.zeros(3)
    for axis in range(3):
        to, of = fixed[..., axis].ravel(), moving[..., axis].ravel()
        known = np.isfinite(to) & np.isfinite(of)
        slope = theilslopes(of[known], to[known])[0]
        scale[axis] = np.clip(slope, *scales)
        shift[axis] = np.median(of[known] - scale[axis] * to[known])
    return scale, shift


def _distances(labels: np.ndarray, numbers: Sequence[int], spacing: float) -> np.ndarray:
    """Distance of each voxel from the border of each label in mm, positive inside."""
    from scipy.ndimage import distance_transform_edt

    far = np.float32(-1e3)
    found = np.full((len(numbers), *labels.shape), far, dtype=np.float32)
    for channel, number in enumerate(numbers):
        inside = labels == number
        if inside.any():
            found[channel] = (distance_transform_edt(inside) - distance_transform_edt(~inside)) * spacing
            found[channel] += np.where(inside, -0.5, 0.5) * spacing
    return found


def register_labels(
    fixed: np.ndarray,
    moving: np.ndarray,
    numbers: Sequence[int],
    spacing: float,
    known: np.ndarray | None = None,
    stiff: np.ndarray | None = None,
) -> np.ndarray:
    """Where each voxel of one label map comes from in another one on the same grid.

    Args:
        fixed: label map, (x, y, z). The result lays ``moving`` on it.
        moving: label map, same shape.
        numbers: labels that are compared. Labels that one of the two lacks do not count.
        spacing: voxel size in mm, the same along all axes.
        known: which voxels of ``fixed`` are compared, of each label, (labels, x, y, z) or what broadcasts to it. None
            compares all.
        stiff: voxels that keep their shape better than others, such as bones, same shape as ``fixed``.

    Returns:
        Displacement in voxels, float32, (3, x, y, z): the content of voxel ``p`` comes from ``p + displacement``.

    Raises:
        ValueError: when the shapes differ or no label is in both.
    """
    import torch
    from monai.networks.blocks import DVF2DDF, Warp
    from torch.nn.functional import adaptive_avg_pool3d, avg_pool3d, interpolate

    if fixed.shape != moving.shape:
        raise ValueError(f"fixed and moving must have the same shape, got {fixed.shape} and {moving.shape}.")
    both = [i for i, number in enumerate(numbers) if (fixed == number).any() and (moving == number).any()]
    if not both:
        raise ValueError(f"none of the labels {tuple(numbers)} is in both label maps.")
    compared = np.broadcast_to(True if known is None else known, (len(numbers), *fixed.shape))[both]
    weight = torch.from_numpy(compared.astype(np.float32))[None]
    bones = torch.zeros(fixed.shape) if stiff is None else torch.from_numpy(stiff.astype(np.float32))
    to, of = (
        torch.from_numpy(_distances(labels, [numbers[i] for i in both], spacing))[None] for labels in (fixed, moving)
    )
    knots = [max(size // (2 * _KNOTS), 2) + 1 for size in fixed.shape]
    velocity = torch.zeros(1, 3, *knots, requires_grad=True)
    warp, flow = Warp(padding_mode="border"), DVF2DDF(num_steps=5, padding_mode="border")
    for coarser, reach, steps in _STAGES:
        size = [max(extent // (_KNOTS * coarser), 2) + 1 for extent in fixed.shape]
        velocity = interpolate(velocity.detach(), size, mode="trilinear", align_corners=True).requires_grad_()
        target, source, counts = (avg_pool3d(part, coarser) for part in (to, of, weight))
        target, source = torch.tanh(target / reach), torch.tanh(source / reach)
        grid = target.shape[2:]
        stiffness = _STIFFNESS * (1 + _BONES * adaptive_avg_pool3d(bones[None, None], (size[0], size[1], size[2])))
        knot_mm = [(extent - 1) * spacing * coarser / (count - 1) for extent, count in zip(grid, size)]
        to_knots = torch.tensor([1 / step for step in knot_mm]).view(1, 3, 1, 1, 1)
        to_voxels = 1 / (spacing * coarser)
        optimizer = torch.optim.Adam([velocity], lr=1.5)
        for _ in range(steps):
            optimizer.zero_grad()
            moved = flow(velocity * to_knots) / to_knots  # mm
            ddf = interpolate(moved, grid, mode="trilinear", align_corners=True) * to_voxels
            mismatch = (counts * (warp(source, ddf) - target) ** 2).mean()
            bending = sum(
                (
                    stiffness.narrow(axis, 0, size[axis - 2] - 1) * (velocity.diff(dim=axis) / knot_mm[axis - 2]) ** 2
                ).mean()
                for axis in (2, 3, 4)
            )
            (mismatch + bending).backward()
            optimizer.step()
    with torch.no_grad():
        moved = flow(velocity * to_knots) / to_knots
        return (interpolate(moved, fixed.shape, mode="trilinear", align_corners=True)[0] / spacing).numpy()
