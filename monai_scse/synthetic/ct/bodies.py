"""Complete bodies around the organs of real people.

The body of a donor is warped so that its organs lie on a person's drawn ones, and the drawn organs are set in. The
bodies are label maps that :mod:`monai_scse.synthetic.ct.anatomy` deforms and scans. The command that writes them is
:mod:`monai_scse.synthetic.ct.make_bodies`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .donors import Donor
from .drawings import DRAWN_ORGANS, Drawing
from .label_registration import align_boxes, register_labels
from .structures import STRUCTURE_INDEX

__all__ = ["Body", "body_around"]

_REGISTRATION_MM, _AROUND_MM = 6.0, 42.0
_ORGANS = tuple(STRUCTURE_INDEX[name] for name in DRAWN_ORGANS.values())
_AORTA = STRUCTURE_INDEX["aorta"]
_HOLE = 255
#: What may grow into the place that an organ of the donor leaves.
_FILLERS = ("visceral fat", "subcutaneous fat", "muscle", "right lung", "left lung")
_FILL_MM = 9.0
_SKIN_MM, _WALL_MM = 12.0, 7.0  # what covers an organ where the donor is too slim for it, and the muscle of it
_GAS_SHARE = 0.15  # of the stomach, at its front


@dataclass(frozen=True)
class Body:
    """A body around a person's organs.

    Args:
        structures: indices of :data:`.structures.SYNTHETIC_STRUCTURES`, uint8, (x, y, z), axes to the right, front
            and head.
        affine: voxel to world (RAS, mm), (4, 4). The world is that of the person's drawing.
    """

    structures: np.ndarray
    affine: np.ndarray


def _ends(labels: np.ndarray, spacing: np.ndarray | float, origin: np.ndarray | float) -> np.ndarray:
    """Lower end, middle and upper end of each organ in mm; heights of what the map cuts off are unknown."""
    found = np.full((len(_ORGANS), 3, 3), np.nan)
    for row, organ in enumerate(_ORGANS):
        points = np.argwhere(labels == organ)
        if len(points):
            found[row] = np.percentile(points, [3, 50, 97], axis=0) * spacing + origin
            if points[:, 2].max() == labels.shape[2] - 1:
                found[row, 1:, 2] = np.nan
            if points[:, 2].min() == 0:
                found[row, :2, 2] = np.nan
    return found


def _sample(volume: np.ndarray, places: np.ndarray, order: int = 0, mode: str = "constant") -> np.ndarray:
    from scipy.ndimage import map_coordinates

    return map_coordinates(volume, places, order=order, mode=mode)


def _mm(axes: list[np.ndarray]) -> np.ndarray:
    return np.stack(np.meshgrid(*axes, indexing="ij")).astype(np.float32)


def _column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)[:, None, None, None]


def _warped(drawing: Drawing, donor: Donor) -> tuple[np.ndarray, np.ndarray]:
    """The donor's structures on the grid of the drawing, extended to the whole donor, and the first voxel's offset."""
    drawn_low, step = drawing.origin, drawing.spacing
    drawn_high = drawn_low + (np.array(drawing.organs.shape) - 1) * step
    scale, shift = align_boxes(_ends(drawing.organs, step, drawn_low), _ends(donor.structures, donor.spacing, 0.0))

    axes = [
        np.arange(low - _AROUND_MM, high + _AROUND_MM, _REGISTRATION_MM) for low, high in zip(drawn_low, drawn_high)
    ]
    places = _mm(axes)
    fixed = _sample(drawing.organs, (places - _column(drawn_low)) / step)
    source = (places * _column(scale) + _column(shift)) / _column(donor.spacing)
    moving = _sample(donor.structures, source)
    inside = (source[2] > 1) & (source[2] < donor.structures.shape[2] - 2)  # elsewhere the donor is unknown
    known = np.repeat(inside[None], len(_ORGANS), axis=0)
    known[_ORGANS.index(_AORTA)] &= places[2] < _top_of_aorta(drawing)
    bones = moving == STRUCTURE_INDEX["bone"]
    displacement = register_labels(fixed, moving, _ORGANS, _REGISTRATION_MM, known, bones) * _REGISTRATION_MM

    ends = np.array([np.zeros(3), (np.array(donor.structures.shape) - 1) * donor.spacing])
    reach = np.abs(displacement).max(axis=(1, 2, 3))
    low, high = (ends - shift) / scale + np.array([-1, 1])[:, None] * np.minimum(reach, 40)
    first = np.floor((low - drawn_low) / step).astype(int)
    last = np.ceil((high - drawn_low) / step).astype(int)
    fine = [drawn_low[axis] + np.arange(first[axis], last[axis] + 1) * step for axis in range(3)]
    places = _mm(fine)
    knots = (places - _column(np.array([axis[0] for axis in axes]))) / _REGISTRATION_MM
    places += np.stack([_sample(part, knots, order=1, mode="nearest") for part in displacement])
    source = (places * _column(scale) + _column(shift)) / _column(donor.spacing)
    warped = _sample(donor.structures, source)
    whole = ((source[2] >= 0) & (source[2] <= donor.structures.shape[2] - 1)) | (warped > 0)
    # slices that the donor fills wherever its own trunk is
    shadow = np.any(donor.structures > 0, axis=2, keepdims=True).astype(np.uint8)
    trunk = _sample(shadow, source * _column(np.array([1, 1, 0]))) > 0
    share = (whole & trunk).sum(axis=(0, 1)) / np.maximum(trunk.sum(axis=(0, 1)), 1)
    rows = np.flatnonzero(share > 0.98)
    first[2] += rows[0]
    return warped[..., rows[0] : rows[-1] + 1], first


def _top_of_aorta(drawing: Drawing) -> float:
    rows = np.flatnonzero((drawing.organs == _AORTA).any(axis=(0, 1)))
    return float(drawing.origin[2] + rows[-1] * drawing.spacing)


def _box(mask: np.ndarray, margin: int) -> tuple[slice, ...]:
    spans = (np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1)))
    return tuple(slice(max(span[0] - margin, 0), span[-1] + 1 + margin) for span in spans)


def _fill(labels: np.ndarray, step: float) -> None:
    """Let what lies beside a hole grow into it, and fat where it is wide."""
    from scipy.ndimage import distance_transform_edt

    holes = labels == _HOLE
    if not holes.any():
        return
    box = _box(holes, int(_FILL_MM / step) + 1)
    region = labels[box]
    fillers = np.isin(region, [STRUCTURE_INDEX[name] for name in _FILLERS])
    if fillers.any():
        away, nearest = distance_transform_edt(~fillers, return_indices=True)
        grown = region[tuple(nearest)]
        near = (region == _HOLE) & (away * step <= _FILL_MM)
        region[near] = grown[near]
    region[region == _HOLE] = STRUCTURE_INDEX["visceral fat"]


def _set_in(labels: np.ndarray, drawing: Drawing, first: np.ndarray) -> None:
    """Put the drawn organs where they were drawn; those of the donor make way."""
    target, source = [], []
    for offset, extent, size in zip(-first, drawing.organs.shape, labels.shape):
        low, high = max(offset, 0), min(offset + extent, size)
        target.append(slice(low, high))
        source.append(slice(low - offset, high - offset))
    drawn = drawing.organs[tuple(source)]
    leaves = np.isin(labels, _ORGANS)
    above = round((_top_of_aorta(drawing) - drawing.origin[2]) / drawing.spacing) - int(first[2]) + 1
    leaves[..., max(above, 0) :] &= labels[..., max(above, 0) :] != _AORTA  # it goes on above the drawing
    labels[leaves] = _HOLE
    labels[tuple(target)][drawn > 0] = drawn[drawn > 0]
    _fill(labels, drawing.spacing)


def _cover(labels: np.ndarray, step: float) -> None:
    """Muscle, fat and skin over organs that would lie bare, and no air inside the body."""
    from scipy.ndimage import binary_fill_holes, distance_transform_edt, label

    organs = np.isin(labels, _ORGANS)
    box = _box(organs, int(_SKIN_MM / step) + 1)
    region, away = labels[box], distance_transform_edt(~organs[box]) * step
    bare = region == STRUCTURE_INDEX["background"]
    region[bare & (away <= _SKIN_MM)] = STRUCTURE_INDEX["subcutaneous fat"]
    region[bare & (away <= _WALL_MM)] = STRUCTURE_INDEX["muscle"]
    parts, _ = label(labels > 0)
    labels[(parts != np.bincount(parts.ravel())[1:].argmax() + 1)] = STRUCTURE_INDEX["background"]
    for index in range(labels.shape[2]):
        plane = labels[..., index]
        plane[binary_fill_holes(plane > 0) & (plane == 0)] = STRUCTURE_INDEX["visceral fat"]


def _line_hollow(labels: np.ndarray) -> None:
    """A wall around the stomach and around bowel that was cut, gas at the front of the stomach."""
    from scipy.ndimage import binary_dilation, binary_erosion

    index = STRUCTURE_INDEX
    stomach = labels == index["stomach content"]
    if stomach.any():
        box = _box(stomach, 1)
        inner = binary_erosion(stomach[box])
        front = np.broadcast_to(np.arange(inner.shape[1])[None, :, None], inner.shape)
        gas = inner & (front >= np.quantile(front[inner], 1 - _GAS_SHARE)) if inner.any() else inner
        region = labels[box]
        region[stomach[box] & ~inner] = index["stomach wall"]
        region[gas] = index["gas"]
    inside = np.isin(labels, [index["bowel content"], index["bowel wall"], index["gas"]])
    bare = (labels == index["bowel content"]) & binary_dilation(~inside)
    labels[bare] = index["bowel wall"]


def _keep_largest(labels: np.ndarray, name: str, other: str) -> None:
    from scipy.ndimage import label

    parts, count = label(labels == STRUCTURE_INDEX[name])
    if count > 1:
        largest = np.bincount(parts.ravel())[1:].argmax() + 1
        labels[(parts > 0) & (parts != largest)] = STRUCTURE_INDEX[other]


def body_around(drawing: Drawing, donor: Donor) -> Body:
    """Warp a donor so that its organs lie on a person's, and set the person's own organs in.

    Args:
        drawing: the person's organs, see :func:`.drawings.load_drawing`.
        donor: lends everything else.

    Returns:
        The body as far up and down as the donor goes.
    """
    labels, first = _warped(drawing, donor)
    _set_in(labels, drawing, first)
    _cover(labels, drawing.spacing)
    for name in ("left psoas major", "right psoas major"):
        _keep_largest(labels, name, "muscle")
    _line_hollow(labels)
    affine = np.diag([drawing.spacing] * 3 + [1.0])
    affine[:3, 3] = drawing.origin + first * drawing.spacing
    return Body(labels, affine)
