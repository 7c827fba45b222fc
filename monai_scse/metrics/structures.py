"""Per-structure agreement of two segmentations, and volumes of one.

MONAI's ``compute_hausdorff_distance`` and ``compute_average_surface_distance`` are nearest. Each finds all surfaces
anew, so both together take twice the time. The surfaces here are MONAI's own, found once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from monai.metrics.utils import get_mask_edges, get_surface_distance

from ..runtime.arguments import check_list, check_number, check_whole

__all__ = [
    "StructureScore",
    "StructureVolume",
    "class_sizes",
    "score_structures",
    "structure_dice",
    "structure_volumes",
]


@dataclass(frozen=True)
class StructureScore:
    """Agreement for one structure.

    Dice is NaN when the structure is absent from both segmentations or was not annotated. The distances, in mm, are
    NaN when it is absent from either.
    """

    index: int
    dice: float
    hd95_mm: float
    assd_mm: float


@dataclass(frozen=True)
class StructureVolume:
    """Size of one structure. ``touches_border`` says that the scan may cut it off."""

    index: int
    voxels: int
    volume_mm3: float
    touches_border: bool


def _as_uint8(classes: np.ndarray, num_classes: int) -> np.ndarray:
    check_whole("num_classes", num_classes, 1)
    if num_classes > 256:
        raise ValueError(f"num_classes must be at most 256, got {num_classes}.")
    return classes.astype(np.uint8, copy=False)


def class_sizes(classes: np.ndarray, num_classes: int) -> np.ndarray:
    """Number of voxels of every class, background included, (num_classes,).

    ``np.bincount`` of a whole volume converts all of it to int64, twice its size in float32.

    Args:
        classes: class indices of any type, (x, y, z).
        num_classes: number of classes. The result has more when a voxel has a higher index.

    Example:
        >>> class_sizes(np.array([[[0, 2, 2]]]), num_classes=4).tolist()
        [1, 0, 2, 0]
    """
    check_whole("num_classes", num_classes, 1)
    sizes = np.zeros(num_classes, dtype=np.int64)
    for plane in classes:
        found = np.bincount(plane.astype(np.intp).ravel(), minlength=len(sizes))
        found[: len(sizes)] += sizes
        sizes = found
    return sizes


def _bounding_boxes(classes: np.ndarray, num_classes: int) -> list[tuple[slice, ...] | None]:
    from scipy.ndimage import find_objects

    return find_objects(classes, max_label=num_classes - 1)


def _union(boxes: Sequence[tuple[slice, ...]]) -> tuple[slice, ...]:
    return tuple(slice(min(part.start for part in axis), max(part.stop for part in axis)) for axis in zip(*boxes))


def _surface_distances(
    pred: np.ndarray, label: np.ndarray, spacing: Sequence[float]
) -> tuple[torch.Tensor, torch.Tensor]:
    # one voxel of margin: a structure that fills its box still has a surface on all sides
    masks = [torch.from_numpy(np.pad(mask, 1)) for mask in (pred, label)]
    edges = get_mask_edges(*masks)
    forth, back = (
        torch.as_tensor(get_surface_distance(one, other, distance_metric="euclidean", spacing=list(spacing)))
        for one, other in (edges, edges[::-1])
    )
    return forth, back


def structure_dice(pred: np.ndarray, label: np.ndarray, num_classes: int) -> list[float]:
    """Dice of every structure over the whole volume, in the order of the classes. It is NaN when absent from both.

    Args:
        pred: class indices, (x, y, z).
        label: other class indices, same shape.
        num_classes: number of classes, background (index 0, not scored) included.

    Raises:
        ValueError: when the shapes differ, or there are more than 256 classes.
    """
    if pred.shape != label.shape:
        raise ValueError(f"pred and label must have the same shape, got {pred.shape} and {label.shape}.")
    pred_size, label_size, common = (
        class_sizes(_as_uint8(classes, num_classes), num_classes)
        for classes in (pred, label, np.where(pred == label, pred, 0))
    )
    return [
        2 * int(both) / total if (total := int(one + other)) else np.nan
        for one, other, both in zip(pred_size[1:], label_size[1:], common[1:])
    ]


def score_structures(
    pred: np.ndarray, label: np.ndarray, num_classes: int, spacing: Sequence[float], unknown: Sequence[int] = ()
) -> list[StructureScore]:
    """Dice, 95 % Hausdorff distance and average symmetric surface distance of every structure.

    Args:
        pred: predicted class indices, (x, y, z).
        label: true class indices, same shape.
        num_classes: number of classes, background (index 0, not scored) included.
        spacing: voxel size in mm along each axis.
        unknown: structures that were not annotated: all their scores are NaN.

    Raises:
        ValueError: when the shapes differ, or there are more than 256 classes.
    """
    check_list("spacing", spacing, pred.ndim)
    for size in spacing:
        check_number("spacing", size, 0, above=True)
    check_list("unknown", unknown)
    for index in unknown:
        check_whole("unknown", index, 1)
    dice = structure_dice(pred, label, num_classes)
    pred, label = _as_uint8(pred, num_classes), _as_uint8(label, num_classes)
    boxes = list(zip(_bounding_boxes(pred, num_classes), _bounding_boxes(label, num_classes)))
    scores = []
    for index in range(1, num_classes):
        if index in unknown:
            scores.append(StructureScore(index, np.nan, np.nan, np.nan))
            continue
        hd95 = assd = np.nan
        pred_box, label_box = boxes[index - 1]
        if pred_box is not None and label_box is not None:
            box = _union([pred_box, label_box])
            forth, back = _surface_distances(pred[box] == index, label[box] == index, spacing)
            hd95 = float(max(torch.quantile(forth, 0.95), torch.quantile(back, 0.95)))
            assd = float(torch.cat([forth, back]).mean())
        scores.append(StructureScore(index, dice[index - 1], hd95, assd))
    return scores


def structure_volumes(classes: np.ndarray, num_classes: int, voxel_mm3: float) -> list[StructureVolume]:
    """Number of voxels and volume of every structure, absent ones included.

    Args:
        classes: class indices, (x, y, z).
        num_classes: number of classes, background (index 0, not listed) included.
        voxel_mm3: volume of a voxel in cubic millimetres.
    """
    check_number("voxel_mm3", voxel_mm3, 0, above=True)
    classes = _as_uint8(classes, num_classes)
    voxels = class_sizes(classes, num_classes)
    volumes = []
    for index, box in enumerate(_bounding_boxes(classes, num_classes), start=1):
        touches = box is not None and any(
            part.start == 0 or part.stop == size for part, size in zip(box, classes.shape)
        )
        volumes.append(StructureVolume(index, int(voxels[index]), float(voxels[index] * voxel_mm3), touches))
    return volumes
