"""The volume of the cranial cavity, estimated from the structures of the brain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..labels import Structure

__all__ = ["estimated_intracranial_volume", "intracranial_measures"]

# fitted to 20 whole heads, see results/intracranial_volume.md
_HULL_WEIGHT = 0.908
_VENTRICLE_WEIGHT = 2.147


def _convex_volume(mask: np.ndarray) -> float:
    """Volume of the convex hull of the faces' centres of the voxels of a mask, (x, y, z), in voxels.

    In a ball as large as a brain it is 1.2 % too large at 1 mm and 2.7 % at 3 mm. With corners it is 2.6 % and 7.1 %.
    """
    from scipy.spatial import ConvexHull

    # the hull of the first and last voxel of each line is that of all
    lines = mask.any(axis=2)
    first = mask.argmax(axis=2)[lines]
    last = mask.shape[2] - 1 - mask[..., ::-1].argmax(axis=2)[lines]
    places = np.argwhere(lines)
    centres = np.concatenate([np.column_stack([places, first]), np.column_stack([places, last])])
    faces = np.concatenate([np.eye(3), -np.eye(3)]) / 2
    return float(ConvexHull(np.concatenate([centres + face for face in faces])).volume)


def _largest_part(mask: np.ndarray) -> np.ndarray:
    from scipy.ndimage import find_objects, label

    parts, _ = label(mask)
    part = int(np.bincount(parts.ravel())[1:].argmax()) + 1
    box = find_objects(parts, max_label=part)[part - 1]
    return np.asarray(parts[box] == part)


def intracranial_measures(
    classes: np.ndarray, voxel_mm: Sequence[float], structures: Sequence[Structure]
) -> tuple[float, float]:
    """What the estimate is made of: the convex hull of the brain and the lateral ventricles, in mm3.

    Args:
        classes: class indices, (x, y, z). The hull is that of the largest part of what is no background.
        voxel_mm: voxel size along each axis in mm.
        structures: the classes, index 0 is background. Those named "... lateral ventricle" count as ventricles.

    Returns:
        volume of the hull and of the ventricles, 0 where there is no brain.
    """
    brain = classes > 0
    if not brain.any():
        return 0.0, 0.0
    ventricles = [index for index, one in enumerate(structures) if one.name.lower().endswith("lateral ventricle")]
    voxel_mm3 = math.prod(voxel_mm)
    return (
        _convex_volume(_largest_part(brain)) * voxel_mm3,
        float(np.isin(classes, ventricles).sum() * voxel_mm3),
    )


def estimated_intracranial_volume(
    classes: np.ndarray, voxel_mm: Sequence[float], structures: Sequence[Structure]
) -> float:
    """The volume inside the skull in mm3, estimated from a segmented brain alone.

    Brain shrinks with age while the skull stays. The lateral ventricles grow meanwhile, so their volume says how much
    was lost: the estimate is 0.908 times the convex hull of the brain and 2.147 times the lateral ventricles. It scales
    with the head. In 20 heads of all ages it is off by 2.5 % in the mean and by 9.4 % at most. FreeSurfer's eTIV is
    nearest. It is the size of an affine transform to an atlas.

    Args:
        classes: class indices of the whole brain, (x, y, z).
        voxel_mm: voxel size along each axis in mm.
        structures: the classes, index 0 is background.

    Returns:
        the estimate, NaN without a brain or without its lateral ventricles.

    Example:
        >>> names = ("background", "left lateral ventricle", "left cerebral cortex")
        >>> structures = [Structure(name, (0, 0, 0)) for name in names]
        >>> classes = np.full((10, 10, 10), 2)
        >>> classes[4:6, 4:6, 4:6] = 1
        >>> round(estimated_intracranial_volume(classes, (1, 1, 1), structures), 2)
        912.16
    """
    hull, ventricles = intracranial_measures(classes, voxel_mm, structures)
    return _HULL_WEIGHT * hull + _VENTRICLE_WEIGHT * ventricles if hull and ventricles else math.nan
