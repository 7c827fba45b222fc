"""Organs of a person, drawn slice by slice by hand: read, checked and smoothed from slice to slice.

Between slices a surface is interpolated by its distance within them: S. P. Raya, J. K. Udupa, Shape-based interpolation
of multidimensional objects, IEEE Transactions on Medical Imaging 9 (1990) 32-42, doi:10.1109/42.52980.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...runtime import InputError, existing_file
from .structures import STRUCTURE_INDEX

__all__ = ["DRAWN_ORGANS", "Drawing", "load_drawing"]

#: The organs of a drawing by their number: those of the abdomen challenge "Beyond the Cranial Vault", as they lie in
#: the project's data.
DRAWN_ORGANS = {
    1: "spleen",
    2: "right kidney",
    3: "left kidney",
    4: "gallbladder",
    5: "liver",
    6: "stomach content",
    7: "aorta",
    8: "pancreas",
}
_NEEDED = ("liver", "spleen", "right kidney", "left kidney", "aorta")
_SMOOTH_SLICES = 0.6  # standard deviation across slices, in slices
_DEPTH_MM = 12.0  # distances from the surface are cut off at


@dataclass(frozen=True)
class Drawing:
    """A person's organs on a grid of equal steps.

    Args:
        organs: indices of :data:`.structures.SYNTHETIC_STRUCTURES`, uint8, (x, y, z), axes to the right, front and
            head, cut to the organs.
        spacing: voxel size in mm.
        origin: position of the first voxel in mm (RAS), (3,).
        raw: the same without smoothing.
        top: height of the last slice of the scan in mm. The aorta may go on above it.
    """

    organs: np.ndarray
    spacing: float
    origin: np.ndarray
    raw: np.ndarray
    top: float


def _read(file: str | Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label map, voxel size and position of the first voxel, axes to the right, front and head."""
    from monai.transforms import Compose, LoadImage, Orientation

    existing_file(file, "check the path.")
    prepare = Compose([LoadImage(image_only=True, ensure_channel_first=True), Orientation("RAS", labels=None)])
    try:
        volume = prepare(str(file))
    except Exception as error:
        raise InputError(f"{file}: cannot be read as a label map ({error}); give a NIfTI file.") from error
    if volume.ndim != 4 or volume.shape[0] != 1:
        raise InputError(f"{file}: a label map has three axes, this one has shape {tuple(volume.shape)}.")
    affine = np.asarray(volume.affine)
    return volume[0].numpy(), np.linalg.norm(affine[:3, :3], axis=0), affine[:3, 3]


def _check(file: str | Path, labels: np.ndarray) -> None:
    numbers = np.unique(labels)
    others = [number for number in numbers.tolist() if number not in (0, *DRAWN_ORGANS)]
    meaning = ", ".join(f"{number} {name.removesuffix(' content')}" for number, name in DRAWN_ORGANS.items())
    if others:
        shown = ", ".join(f"{number:g}" for number in others[:5])
        raise InputError(f"{file}: holds other labels than the eight organs ({shown}); they must be {meaning}.")
    if numbers.max(initial=0) == 0:
        raise InputError(f"{file}: nothing is labelled; the labels must be {meaning}.")
    number_of = {name: number for number, name in DRAWN_ORGANS.items()}
    for name in _NEEDED:
        if number_of[name] not in numbers:
            raise InputError(f"{file}: no {name} (label {number_of[name]}); a body is built around it.")
    middle = {name: np.flatnonzero((labels == number_of[name]).any(axis=(1, 2))).mean() for name in _NEEDED}
    if middle["liver"] < middle["spleen"] or middle["right kidney"] < middle["left kidney"]:
        raise InputError(f"{file}: right and left are exchanged; mend its header or its labels.")


def _depth(drawn: np.ndarray, spacing: float) -> np.ndarray:
    """Distance from the border within slices in mm, positive inside, smoothed across slices."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter1d

    depth = np.full(drawn.shape, -_DEPTH_MM, dtype=np.float32)
    for index in np.flatnonzero(drawn.any(axis=(0, 1))):
        part = drawn[..., index]
        inside, outside = (distance_transform_edt(side) * spacing for side in (part, ~part))
        depth[..., index] = inside - outside + np.where(part, -0.5, 0.5) * spacing  # the border is between voxels
    return gaussian_filter1d(depth.clip(-_DEPTH_MM, _DEPTH_MM), _SMOOTH_SLICES, axis=2, mode="nearest")


def _between(slices: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Linear interpolation along the last axis at heights in slices."""
    below = np.clip(np.floor(heights).astype(int), 0, slices.shape[2] - 2)
    share = np.clip(heights - below, 0, 1).astype(np.float32)
    return slices[..., below] * (1 - share) + slices[..., below + 1] * share


def load_drawing(file: str | Path, spacing: float = 3.0) -> Drawing:
    """Read a person's drawn organs and smooth their borders from slice to slice.

    Args:
        file: label map with the numbers of :data:`DRAWN_ORGANS`.
        spacing: voxel size of the result in mm, the same along all axes.

    Raises:
        InputError: when the file is missing or unreadable, holds other labels or none, lacks the liver or another
            organ that bodies are built around, or when right and left are exchanged.
    """
    labels, step, first = _read(file)
    _check(file, labels)
    spans = [np.flatnonzero((labels > 0).any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]] for axis in range(3)]
    low = np.array([max(span[0] - margin, 0) for span, margin in zip(spans, np.ceil(6 / step))])
    high = np.array([min(span[1] + margin, n - 1) for span, margin, n in zip(spans, np.ceil(6 / step), labels.shape)])
    high[2] += 0.49  # the upper half of the last slice
    x, y, z = (np.arange(start, end + 1e-6, spacing / size) for start, end, size in zip(low, high, step))
    nearest = (np.rint(places).astype(int) for places in (x, y))
    numbers = np.rint(labels[np.ix_(*nearest, np.arange(int(low[2]), int(high[2]) + 1))]).astype(np.uint8)
    table = np.zeros(max(DRAWN_ORGANS) + 1, dtype=np.uint8)
    for number, name in DRAWN_ORGANS.items():
        table[number] = STRUCTURE_INDEX[name]
    raw = table[numbers[..., np.rint(z - low[2]).astype(int)]]
    deepest, organs = np.zeros(raw.shape, dtype=np.float32), np.zeros(raw.shape, dtype=np.uint8)
    for number in range(1, len(table)):
        drawn = numbers == number
        if not drawn.any():
            continue
        box = tuple(
            slice(max(span[0] - 4, 0), span[-1] + 5)
            for span in (np.flatnonzero(drawn.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1)))
        )
        heights = z - low[2] - box[2].start
        inside = (heights > -1) & (heights < numbers[box].shape[2])
        depth = _between(_depth(drawn[box], spacing), heights[inside])
        # smoothing shrinks what is round: the level at which the volume is the drawn one
        count = min(round(drawn.sum() * step[2] / spacing), depth.size)
        depth -= np.partition(depth.ravel(), depth.size - count)[depth.size - count]
        fine = (*box[:2], inside)
        won = (depth >= 0) & (depth >= deepest[fine])
        deepest[fine] = np.where(won, depth, deepest[fine])
        organs[fine] = np.where(won, table[number], organs[fine])
    top = float(first[2] + (labels.shape[2] - 1) * step[2])
    return Drawing(organs, spacing, first + low * step, raw, top)
