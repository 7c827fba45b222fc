"""Heights in a torso that say where organs can lie: of the diaphragm and of the hip bones' crest."""

from __future__ import annotations

import numpy as np

from .sides import body_midline

__all__ = ["diaphragm_height", "hip_crest_height"]

# Of the lungs' section. In the recess beside the first lumbar vertebra it is smaller, at the heart's height larger.
_CHEST_CM2 = 100.0
# What is this far from the middle of the body is neither spine nor sacrum, but rib, hip or thigh.
_BESIDE_MM = 45.0
_BONE_CM2 = 1.0


def diaphragm_height(lungs: np.ndarray, pixel_cm2: float) -> int | None:
    """The lowest slice that is chest: muscles and organs of the belly end below it.

    Args:
        lungs: both, bool, (x, y, z), z up.
        pixel_cm2: area of a pixel of a slice.

    Returns:
        its index, or None where no section of the lungs is large.
    """
    chest = np.flatnonzero(lungs.sum(axis=(0, 1)) * pixel_cm2 >= _CHEST_CM2)
    return int(chest[0]) if chest.size else None


def hip_crest_height(bone: np.ndarray, body: np.ndarray, lungs: np.ndarray, spacing: np.ndarray) -> int | None:
    """The slice above the hip bones.

    It is where, from the lowest slice upwards, bone beside the spine ends on one side.

    Args:
        bone: or anything as dense, bool, (x, y, z), x from side to side, z up.
        body: bool, same shape.
        lungs: bool, same shape.
        spacing: voxel size in mm, (3,).

    Returns:
        its index, or None where the scan shows no hip bones, or nothing parts them from the ribs.
    """
    beside = (np.arange(len(bone))[:, None] - body_midline(body)[None]) * spacing[0]
    area = bone.sum(axis=1) * float(spacing[0] * spacing[1] / 100)
    sides = [(area * far).sum(axis=0) >= _BONE_CM2 for far in (beside > _BESIDE_MM, beside < -_BESIDE_MM)]
    hips = sides[0] & sides[1]
    if not hips[0] or hips.all():
        return None
    top = int(hips.argmin())
    return None if lungs[..., :top].any() else top
