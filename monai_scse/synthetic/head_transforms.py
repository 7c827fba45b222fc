"""Skull-stripped scans with the tissue of a head around the brain: leftovers of it, or all."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform, RandomizableTransform
from monai.utils import convert_to_dst_type, convert_to_numpy

from .fields import smooth_noise
from .head import tissue_around, whole_head

__all__ = ["RandHeadTissued", "RandWholeHeadd"]


class _RandHead(RandomizableTransform, MapTransform):
    """Draws one seed for each sample, so that all its keys receive the same head. Subclasses document the arguments."""

    def __init__(self, keys: str | Sequence[str], prob: float, allow_missing_keys: bool) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, prob)

    def randomize(self, data: Any = None) -> None:
        super().randomize(None)
        if self._do_transform:
            self._seed = self.R.randint(2**32, dtype=np.uint32)


class RandHeadTissued(_RandHead):
    """Put tissue around the brain of a skull-stripped scan, as an imperfect removal of the skull leaves it.

    The tissue (:func:`.head.tissue_around`) reaches to a distance from the brain that changes from place to
    place, or fills the whole picture. Its brightness is cut at one, as that of the scans is. All keys of a sample share
    the tissue. MONAI has no transform that does this.

    Args:
        keys: skull-stripped scans or slabs of neighbouring slices of one, (slices, x, y), scaled to [0, 1], 0 outside
            the brain.
        prob: probability of tissue.
        reach: lowest and highest mean distance from the brain in mm that leftovers reach to. Below 0 there are few.
        whole: share of the cases with tissue in which all of it is left.
        spacing: size of a voxel in mm, in the order of the axes of the scan.
        slice_dim: the axis of the scan that the slices were counted along, 0, 1 or 2.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> add = RandHeadTissued("image", prob=1.0, whole=1.0).set_random_state(0)
        >>> slab = torch.zeros(5, 40, 40)
        >>> slab[:, 10:30, 10:30] = 0.8
        >>> around = add({"image": slab})["image"]
        >>> bool(around[slab == 0].any()), torch.equal(around[slab > 0], slab[slab > 0])
        (True, True)
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        prob: float = 0.4,
        reach: tuple[float, float] = (-3.0, 8.0),
        whole: float = 0.3,
        spacing: Sequence[float] = (1.0, 1.0, 1.0),
        slice_dim: int = 0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.reach = reach
        self.whole = whole
        self.spacing = (spacing[slice_dim], *spacing[:slice_dim], *spacing[slice_dim + 1 :])

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize()
        around = dict(data)
        if self._do_transform:
            for key in self.key_iterator(data):
                image = convert_to_numpy(data[key], dtype=np.float32)
                around[key] = convert_to_dst_type(self._add(image), data[key])[0]
        return around

    def _add(self, image: np.ndarray) -> np.ndarray:
        inside = image > 0
        if not inside.any():
            return image
        rng = np.random.default_rng(self._seed)
        tissue, distance = tissue_around(inside, rng, self.spacing)
        if rng.random() >= self.whole:
            reach = rng.uniform(*self.reach) + 4 * smooth_noise(rng, image.shape, 15 / np.asarray(self.spacing))
            tissue[distance > reach] = 0
        return image + tissue.clip(0, 1)


class RandWholeHeadd(_RandHead):
    """Put a whole head (:func:`.head.whole_head`) around skull-stripped brains, and mark where they are.

    All keys of a sample share the head. MONAI has no transform that does this.

    Args:
        keys: skull-stripped scans (1, x, y, z), axes to the right, the front and the top (RAS), in [0, 1], 0 outside
            the brain. They come back larger, and brightest at one.
        spacing: size of a voxel in mm.
        mask_key: entry that receives where the brain is, uint8 (1, x, y, z).
        prob: probability of a head. Otherwise the scan stays as it is.
        allow_missing_keys: whether a missing key is no error.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        spacing: Sequence[float],
        mask_key: str = "label",
        prob: float = 0.9,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, prob, allow_missing_keys)
        self.spacing = spacing
        self.mask_key = mask_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize()
        headed = dict(data)
        for key in self.key_iterator(data):
            head = np.array(data[key][0], dtype=np.float32)
            inside = head > 0
            if self._do_transform:
                head, inside = whole_head(head, np.random.default_rng(self._seed), self.spacing)
                head = (head / np.percentile(head, 99.5)).clip(0, 1)
            headed[key] = torch.from_numpy(head[None])
            headed[self.mask_key] = torch.from_numpy(inside[None].astype(np.uint8))
        return headed
