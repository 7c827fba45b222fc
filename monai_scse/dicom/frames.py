"""The frames of a DICOM image: where each lies, and how its stored values are rescaled.

The single frame of a CT or MR image has this in its header. Enhanced images, which hold many frames, have it in
functional groups: those that all frames share, and one for each frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from monai.utils import optional_import

if TYPE_CHECKING:
    import pydicom
    from pydicom import Dataset
else:
    pydicom, _ = optional_import("pydicom")  # a network alone does not need it

__all__ = ["ImageFrame", "frames_of", "text_of"]

_GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")


@dataclass(frozen=True)
class ImageFrame:
    """A slice: one frame of an image, with positions in mm, LPS. Empty is what the header does not say.

    Args:
        index: of the frame in its file.
        position: of the first pixel.
        orientation: directions of rows and of columns.
        spacing: distance of rows and of columns in mm.
        slope: of the rescaling of stored values.
        intercept: of the rescaling of stored values.
    """

    index: int
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def has_place(self) -> bool:
        """Whether its place in space is known."""
        return bool(self.position and self.orientation and self.spacing)

    @property
    def normal(self) -> np.ndarray:
        """The direction in which slices follow each other."""
        return np.cross(self.orientation[:3], self.orientation[3:])


def text_of(header: Dataset, keyword: str) -> str:
    """The text of an element, values apart by backslashes, empty when it is missing or damaged."""
    try:
        value = header.get(keyword)
    except Exception:  # pydicom converts values when they are asked for, with errors of many types
        return ""
    parts = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    return "\\".join("" if part is None else str(part) for part in parts).strip(" \0")


def _numbers(header: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    """The numbers of an element, empty when it is missing, damaged or holds another count of them."""
    try:
        value: Any = header.get(keyword)
        numbers = tuple(float(part) for part in (value if count > 1 else [value]))
    except Exception:  # a value may be missing, empty or no number
        return ()
    return numbers if len(numbers) == count and np.isfinite(numbers).all() else ()


def _orientation(header: Dataset) -> tuple[float, ...]:
    numbers = _numbers(header, "ImageOrientationPatient", 6)
    row, column = np.array(numbers[:3]), np.array(numbers[3:])
    if not numbers or not np.allclose([row @ row, column @ column, row @ column], [1, 1, 0], atol=1e-2):
        return ()
    return *map(float, row / np.linalg.norm(row)), *map(float, column / np.linalg.norm(column))


def _frame(index: int, place: Dataset, plane: Dataset, measures: Dataset, values: Dataset) -> ImageFrame:
    spacing = _numbers(measures, "PixelSpacing", 2)
    return ImageFrame(
        index,
        _numbers(place, "ImagePositionPatient", 3),
        _orientation(plane),
        spacing if all(part > 0 for part in spacing) else (),
        *(_numbers(values, "RescaleSlope", 1) or (1.0,)),
        *(_numbers(values, "RescaleIntercept", 1) or (0.0,)),
    )


def frames_of(header: Dataset, count: int) -> tuple[ImageFrame, ...]:
    """The frames of an image, in the order of the file.

    Args:
        header: of the image.
        count: how many frames it holds.
    """
    own, shared = (header.get(keyword) or [] for keyword in _GROUPS)
    if not own and not shared:
        return tuple(
            _frame(index, *[header] * 4) if count == 1 else ImageFrame(index, (), (), ()) for index in range(count)
        )

    nothing = pydicom.Dataset()

    def group(index: int, name: str) -> Dataset:
        def candidates() -> Iterator[Any]:
            for groups, position in ((own, index), (shared, 0)):
                if position < len(groups):
                    yield from groups[position].get(name) or []

        return next(candidates(), nothing)

    return tuple(
        _frame(
            index,
            place=group(index, "PlanePositionSequence"),
            plane=group(index, "PlaneOrientationSequence"),
            measures=group(index, "PixelMeasuresSequence"),
            values=group(index, "PixelValueTransformationSequence"),
        )
        for index in range(count)
    )
