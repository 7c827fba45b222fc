"""Copies of a scan and its segmentation that are small enough for a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from isal import igzip

__all__ = ["most_voxels", "structure_centres", "viewer_labels", "viewer_scan"]

_LARGEST = 256  # voxels along an axis


def _step(shape: Sequence[int], smaller: Sequence[int]) -> np.ndarray:
    return np.divide(shape, smaller)


def _smaller_affine(affine: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The affine of a grid whose voxels are ``step`` times as large, over the same space."""
    coarse = affine.astype(float, copy=True)
    coarse[:3, :3] = affine[:3, :3] * step
    coarse[:3, 3] += affine[:3, :3] @ ((step - 1) / 2)
    return coarse


def most_voxels(shape: Sequence[int], largest: int = _LARGEST) -> tuple[int, int, int]:
    """The shape with at most this many voxels along each axis.

    Args:
        shape: (x, y, z).
        largest: voxels along an axis.
    """
    x, y, z = (min(size, largest) for size in shape)
    return x, y, z


def _packed(voxels: np.ndarray, affine: np.ndarray) -> bytes:
    import nibabel

    image = nibabel.Nifti1Image(voxels, affine)
    image.set_sform(affine, code=1)
    return igzip.compress(image.to_bytes(), mtime=0)


def viewer_scan(
    image: np.ndarray,
    affine: np.ndarray,
    window: tuple[float, float],
    max_bytes: int,
    largest: int = _LARGEST,
) -> bytes:
    """A scan as a compressed NIfTI file of grey levels from 0 to 255.

    A smaller voxel is the mean of those that it covers. A noisy scan hardly compresses. It becomes coarser until it
    fits.

    Args:
        image: the scan, (x, y, z), float32.
        affine: its voxel to world (RAS, mm) matrix, (4, 4).
        window: values that become 0 and 255.
        max_bytes: size of the file at most, as long as an axis has 64 voxels.
        largest: voxels along an axis at most.
    """
    low, high = window
    shape = most_voxels(image.shape, largest)
    means = torch.nn.functional.adaptive_avg_pool3d(torch.as_tensor(image)[None].float(), shape)[0]
    grey = means.sub_(low).mul_(255 / max(high - low, 1e-6)).clamp_(0, 255).to(torch.uint8).numpy()
    packed = _packed(grey, _smaller_affine(affine, _step(image.shape, shape)))
    if len(packed) > max_bytes and largest > 64:
        return viewer_scan(image, affine, window, max_bytes, largest * 7 // 8)
    return packed


def viewer_labels(classes: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray, bytes]:
    """A segmentation on a grid for a page: class indices, their affine, and both as a compressed NIfTI file.

    Args:
        classes: class indices, (x, y, z), uint8.
        affine: voxel to world (RAS, mm) matrix, (4, 4).
    """
    shape = most_voxels(classes.shape)
    step = _step(classes.shape, shape)
    nearest = [((np.arange(size) + 0.5) * times).astype(int) for size, times in zip(shape, step)]
    smaller = np.ascontiguousarray(classes[np.ix_(*nearest)])
    coarse = _smaller_affine(affine, step)
    return smaller, coarse, _packed(smaller, coarse)


def structure_centres(classes: np.ndarray, affine: np.ndarray) -> dict[int, list[float]]:
    """For each class that occurs the place, in mm (RAS), of its voxel that is nearest to its centre of mass.

    Args:
        classes: class indices, (x, y, z), uint8.
        affine: voxel to world (RAS, mm) matrix, (4, 4).
    """
    from scipy.ndimage import find_objects

    centres = {}
    for index, box in enumerate(find_objects(classes), start=1):
        if box is None:
            continue
        voxels = np.argwhere(classes[box] == index)
        nearest = voxels[((voxels - voxels.mean(axis=0)) ** 2).sum(axis=1).argmin()]
        place = affine[:3, :3] @ (nearest + [part.start for part in box]) + affine[:3, 3]
        centres[index] = [round(float(mm), 2) for mm in place]
    return centres
