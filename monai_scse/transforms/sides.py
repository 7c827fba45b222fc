"""Left and right structures, named by the side of the body that they lie on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type

from ..runtime.arguments import check_list, check_name, check_number, check_whole

__all__ = ["ResolveSidesd", "body_midline"]


def body_midline(body: np.ndarray) -> np.ndarray:
    """Position along the first axis of the plane that parts the body in halves, for every slice of the last axis.

    In each row from side to side the middle lies halfway between the first and the last voxel of the body. Holes, such
    as lungs, do not change it. A slice takes the median of its rows, so that an arm or a table in some of them does not
    count. A line through the slices follows a patient who lies at an angle.

    Args:
        body: where the body is, bool, (x, y, z), x from side to side, z along the body.

    Returns:
        voxel positions, (z,). NaN when there is no body.

    Example:
        >>> body = np.zeros((10, 4, 3), dtype=bool)
        >>> body[2:7] = True
        >>> body_midline(body).tolist()
        [4.0, 4.0, 4.0]
    """
    from scipy.stats import theilslopes

    filled = body.any(axis=0)
    first, last = body.argmax(axis=0), body.shape[0] - 1 - body[::-1].argmax(axis=0)
    middle = np.where(filled, (first + last) / 2, np.nan)
    slices = np.flatnonzero(filled.any(axis=0))
    if not slices.size:
        return np.full(body.shape[2], np.nan)
    medians = np.nanmedian(middle[:, slices], axis=0)
    slope, intercept = theilslopes(medians, slices)[:2] if slices.size > 1 else (0.0, medians[0])
    return intercept + slope * np.arange(body.shape[2])


class ResolveSidesd(MapTransform):
    """Give every connected part of a paired structure the name of the side it lies on.

    A part of a right organ whose centre lies left of the middle of the body becomes part of the left organ. A part of a
    left organ changes likewise. Parts whose centre is near the middle keep their name. Sides are those of the scan's
    world coordinates, whatever the order of its axes. The middle is that of the body, not of the image. MONAI has no
    transform that does this.

    Args:
        keys: class indices, (1, x, y, z).
        pairs: class indices of right and left, for each pair: see :func:`monai_scse.labels.side_pairs`.
        image_key: the scan, (channels, x, y, z), on the same grid. Of several channels the middle one is used.
        body_threshold: values of the scan above it are body.
        margin_mm: how far from the middle a centre must lie.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> import torch
        >>> from monai.data import MetaTensor
        >>> scan = MetaTensor(torch.ones(1, 60, 30, 30), affine=torch.eye(4))  # the first axis points to the right
        >>> classes = torch.zeros(1, 60, 30, 30)
        >>> classes[:, 5:15, 10:20] = 1
        >>> ResolveSidesd("pred", pairs=[(1, 2)])({"image": scan, "pred": classes})["pred"].unique().tolist()
        [0.0, 2.0]
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        pairs: Sequence[tuple[int, int]],
        image_key: str = "image",
        body_threshold: float = 0.0,
        margin_mm: float = 10.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_list("pairs", pairs)
        for pair in pairs:
            check_list("each of pairs", pair, 2)
            for index in pair:
                check_whole("pairs", index, 1)
        check_name("image_key", image_key)
        check_number("body_threshold", body_threshold)
        check_number("margin_mm", margin_mm, 0)
        self.pairs = pairs
        self.image_key = image_key
        self.body_threshold = body_threshold
        self.margin_mm = margin_mm

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        resolved = dict(data)
        image = data[self.image_key]
        affine = np.asarray(image.affine.cpu())
        axes = [int(abs(row).argmax()) for row in affine[[0, 2], :3]]  # from left to right, and along the body
        body = (image[image.shape[0] // 2] > self.body_threshold).cpu().numpy()
        middle = body_midline(np.moveaxis(body, axes, (0, -1)))
        to_right, margin = np.sign(affine[0, axes[0]]), self.margin_mm / float(np.linalg.norm(affine[:3, axes[0]]))
        for key in self.key_iterator(data):
            classes = data[key].cpu().numpy()[0].copy()
            for index, other, side in self._names(to_right):
                self._rename(np.moveaxis(classes, axes, (0, -1)), index, other, side, middle, margin)
            resolved[key] = convert_to_dst_type(classes[None], data[key])[0]
        return resolved

    def _names(self, to_right: float) -> list[tuple[int, int, float]]:
        return [
            (index, other, side * to_right)
            for right, left in self.pairs
            for index, other, side in ((right, left, 1.0), (left, right, -1.0))
        ]

    @staticmethod
    def _rename(classes: np.ndarray, index: int, other: int, side: float, middle: np.ndarray, margin: float) -> None:
        from scipy.ndimage import center_of_mass, label

        parts, count = label(classes == index)
        if not count:
            return
        centres = np.array(center_of_mass(parts > 0, parts, np.arange(1, count + 1)))
        offsets = (centres[:, 0] - middle[np.rint(centres[:, 2]).astype(int)]) * side
        wrong = np.concatenate([[False], offsets < -margin])
        classes[wrong[parts]] = other
