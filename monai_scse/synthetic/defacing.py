"""Heads without a face, as they are shared."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform, RandomizableTransform

from ..runtime.arguments import check_number, check_range

__all__ = ["RandDefaced"]


class RandDefaced(RandomizableTransform, MapTransform):
    """Cut the face off a head, by a plane before and below the brain.

    MONAI has no transform that does this.

    Args:
        keys: heads, (1, x, y, z), axes to the right, the front and the top (RAS).
        mask_key: where the brain is, of the same shape. All of it is kept.
        prob: probability of the cut.
        angle: least and largest angle between the direction of the cut and the front, in degrees. 90 is downwards.
        margin: least and largest distance of the plane from the brain in voxels.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> head, brain = torch.ones(1, 20, 20, 20), torch.zeros(1, 20, 20, 20)
        >>> brain[:, 8:12, 8:12, 8:12] = 1
        >>> cut = RandDefaced("image", "label", prob=1.0)({"image": head, "label": brain})["image"]
        >>> bool(cut[brain > 0].all()), float(cut[0, 10, 19, 0]), float(cut[0, 10, 0, 19])
        (True, 0.0, 1.0)
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        mask_key: str = "label",
        prob: float = 0.3,
        angle: tuple[float, float] = (20.0, 70.0),
        margin: tuple[float, float] = (0.0, 5.0),
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        check_number("prob", prob, 0, 1)
        RandomizableTransform.__init__(self, prob)
        check_range("angle", angle, 0, 90)
        check_range("margin", margin, 0)
        self.mask_key = mask_key
        self.angle = angle
        self.margin = margin

    def randomize(self, data: Any = None) -> None:
        super().randomize(None)
        self._angle = float(np.radians(self.R.uniform(*self.angle)))
        self._margin = float(self.R.uniform(*self.margin))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize()
        cut = dict(data)
        brain = data[self.mask_key] > 0
        if not self._do_transform or not bool(brain.any()):
            return cut
        front, top = (torch.arange(length, dtype=torch.float32) for length in brain.shape[2:])
        before = np.cos(self._angle) * front[:, None] - np.sin(self._angle) * top
        plane = float(before.expand(brain.shape)[brain].max()) + self._margin
        for key in self.key_iterator(data):
            cut[key] = data[key].masked_fill(before > plane, 0)
        return cut
