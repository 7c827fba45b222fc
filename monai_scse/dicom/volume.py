"""Whether slices are a volume, and where that volume lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime import InputError
from .frames import ImageFrame
from .headers import ImageHeader

__all__ = ["Slice", "affine_of", "check_volume", "names_of", "same_orientation", "sorted_slices"]

_SAME_DIRECTION = 1e-3  # difference of direction cosines
_SAME_PLACE_MM = 0.01
_LARGEST_TILT = 0.5  # degrees
_LARGEST_SHIFT_MM = 0.2  # headers round positions
_NAMED = 5


@dataclass(frozen=True, eq=False)
class Slice:
    """A frame of an image."""

    image: ImageHeader
    frame: ImageFrame

    @property
    def name(self) -> str:
        """The name of its file, and the number of its frame where the file holds several."""
        frame = f" frame {self.frame.index + 1}" if len(self.image.frames) > 1 else ""
        return f"{self.image.file.name}{frame}"

    @property
    def grid(self) -> tuple[float, ...]:
        """Rows, columns, distance of rows and of columns."""
        return (*self.image.size, *self.frame.spacing)


def same_orientation(first: ImageFrame, second: ImageFrame) -> bool:
    """Whether two slices lie in parallel planes and are turned alike."""
    return all(abs(a - b) <= _SAME_DIRECTION for a, b in zip(first.orientation, second.orientation))


def sorted_slices(slices: Sequence[Slice]) -> list[Slice]:
    """Slices of one orientation by their height along the normal of the first."""
    normal = slices[0].frame.normal
    return sorted(slices, key=lambda item: float(np.dot(item.frame.position, normal)))


def affine_of(slices: Sequence[Slice]) -> np.ndarray:
    """The matrix from voxel indices (column, row, slice) to mm, RAS, (4, 4), of sorted slices that are a volume."""
    first, last = slices[0].frame, slices[-1].frame
    affine = np.eye(4)
    affine[:3, 0] = np.array(first.orientation[:3]) * first.spacing[1]
    affine[:3, 1] = np.array(first.orientation[3:]) * first.spacing[0]
    affine[:3, 2] = np.subtract(last.position, first.position) / (len(slices) - 1)
    affine[:3, 3] = first.position
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine  # DICOM's axes point to the left and back


def check_volume(slices: Sequence[Slice]) -> None:
    """Check that slices of one orientation, sorted by height, are evenly spaced on a line along their normal.

    ``highdicom.spatial.get_series_volume_positions`` is nearest. It answers yes or no, not which slices are wrong.

    Raises:
        InputError: when slices differ in size, are missing, lie at uneven distances, at the same place or shifted
            in their plane, or the gantry was tilted. It names no series, the caller does.
    """
    if len({item.grid for item in slices}) > 1:
        raise InputError("its slices differ in size or pixel spacing; export them as separate series.")
    if len(slices) < 2:
        raise InputError("one slice, not a volume; choose another series.")
    positions = np.array([item.frame.position for item in slices])
    normal = slices[0].frame.normal
    steps = np.diff(positions, axis=0)
    heights = steps @ normal
    _check_one_slice_a_place(heights)
    usual = float(np.median(heights))
    shifts = steps - heights[:, None] * normal
    shift = np.median(shifts, axis=0)
    is_regular = np.linalg.norm(shifts - shift, axis=1).mean() < np.linalg.norm(shift) / 4  # a tilt moves every slice
    tilt = float(np.degrees(np.arctan2(np.linalg.norm(shift), usual)))
    if is_regular and tilt > _LARGEST_TILT:
        raise InputError(
            f"gantry tilt of {tilt:.1f} degrees; resample it first, for example with dcm2niix, and give the NIfTI file."
        )
    _check_line(slices, positions, normal, shifts)
    _check_even(slices, heights, usual)


def _check_one_slice_a_place(heights: np.ndarray) -> None:
    is_same = heights < _SAME_PLACE_MM
    if not is_same.any():
        return
    _, counts = np.unique(np.concatenate([[0], np.cumsum(~is_same)]), return_counts=True)
    a_place = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    raise InputError(
        f"{int(is_same.sum())} slices lie where another one lies, {a_place} slices a place; "
        "export each phase, echo or part of a complex signal as its own series."
    )


def _check_line(slices: Sequence[Slice], positions: np.ndarray, normal: np.ndarray, shifts: np.ndarray) -> None:
    """Every slice against the line through the first and the last: a few that are shifted must not pass."""
    share = np.linspace(0, 1, len(positions))[:, None]
    heights = (positions - positions[0]) @ normal
    if heights[-1] > 0:
        share = (heights / heights[-1])[:, None]  # gaps along the normal have their own message
    offsets = positions - (positions[0] + share * (positions[-1] - positions[0]))
    farthest = float(np.linalg.norm(offsets, axis=1).max())
    if farthest <= _LARGEST_SHIFT_MM:
        return
    jumps = np.linalg.norm(shifts - np.median(shifts, axis=0), axis=1)
    place = int(jumps.argmax())
    between = " and ".join(item.name for item in slices[place : place + 2])
    raise InputError(
        f"slices are shifted in their plane by up to {max(farthest, jumps.max()):.1f} mm, most between {between}; "
        "export the series again, or resample it first."
    )


def _check_even(slices: Sequence[Slice], heights: np.ndarray, usual: float) -> None:
    tolerance = 0.05 * usual + 0.02
    uneven = np.flatnonzero(abs(heights - usual) > tolerance)
    if uneven.size:
        place = uneven[0]
        ratio = heights[place] / usual
        if ratio > 1.5 and abs(ratio - round(ratio)) < 0.1 and uneven.size <= len(heights) / 4:
            between = " and ".join(item.name for item in slices[place : place + 2])
            raise InputError(
                f"{round(ratio) - 1} slice(s) missing between {between}, {uneven.size} gap(s) in all; "
                "export the series again."
            )
    drift = np.cumsum(heights - heights.mean())
    if uneven.size or abs(drift).max() > max(tolerance, _LARGEST_SHIFT_MM):
        raise InputError(
            f"mixed slice spacing, {heights.min():.2f} to {heights.max():.2f} mm; resample it to even slices first."
        )


def names_of(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
