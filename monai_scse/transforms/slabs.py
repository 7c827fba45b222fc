"""Neighbouring slices as input channels of a 2D network."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms import MapTransform, RandomizableTransform

from ..runtime.arguments import check_number, check_whole

__all__ = ["RandSlabTruncationd", "StackAdjacentSlicesd"]


class StackAdjacentSlicesd(MapTransform):
    """Give every slice of a volume its neighbours as further channels, for 2D networks that see a thin slab.

    Channel ``c`` of the output is the volume shifted so that each slice shows the one ``c - num_slices // 2`` positions
    further. Beyond the ends the outermost slice is repeated. The output is a view that takes the memory of one volume.
    MONAI has no transform that does this.

    Args:
        keys: the entries to stack, (1, x, y, z).
        num_slices: odd number of slices in a slab. 1 leaves the volume as it is.
        spatial_dim: the axis that the slices are counted along: 0, 1 or 2.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        ValueError: when ``num_slices`` is even or not positive.

    Example:
        >>> import torch
        >>> volume = torch.arange(4.0).view(1, 1, 4, 1)
        >>> StackAdjacentSlicesd("image", num_slices=3)({"image": volume})["image"][:, 0, :, 0]
        tensor([[0., 0., 1., 2.],
                [0., 1., 2., 3.],
                [1., 2., 3., 3.]])
    """

    def __init__(
        self, keys: str | Sequence[str], num_slices: int, spatial_dim: int = 1, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_whole("num_slices", num_slices)
        check_whole("spatial_dim", spatial_dim, 0, 2)
        if num_slices < 1 or num_slices % 2 == 0:
            raise ValueError(f"num_slices must be odd and positive, got {num_slices}.")
        if spatial_dim not in (0, 1, 2):
            raise ValueError(f"spatial_dim must be 0, 1 or 2, got {spatial_dim}.")
        self.num_slices = num_slices
        self.axis = spatial_dim + 1

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        stacked = dict(data)
        for key in self.key_iterator(data):
            size = data[key].shape[self.axis]
            margin = self.num_slices // 2
            positions = torch.arange(-margin, size + margin, device=data[key].device).clamp(0, size - 1)
            padded = data[key].index_select(self.axis, positions)
            # a view: the slabs overlap in memory, nothing is stored num_slices times
            stacked[key] = padded.unfold(self.axis, self.num_slices, 1).squeeze(0).movedim(-1, 0)
        return stacked


class RandSlabTruncationd(RandomizableTransform, MapTransform):
    """Replicate a slice within the slab outwards, as :class:`StackAdjacentSlicesd` does at both ends of a scan.

    Training scans end at few places of the body. With this a network meets ends anywhere, and does not learn which
    organs belong to an end. All keys of a sample share the slice. MONAI has no transform that does this.

    Args:
        keys: slabs, (slices, x, y), an odd number of slices with the one to segment in the middle.
        prob: probability of an end.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        ValueError: when a slab has an even number of slices.

    Example:
        >>> import torch
        >>> slab = torch.arange(5.0).view(5, 1, 1)
        >>> RandSlabTruncationd("image", prob=1.0).set_random_state(1)({"image": slab})["image"].flatten()
        tensor([1., 1., 2., 3., 4.])
    """

    def __init__(self, keys: str | Sequence[str], prob: float = 0.1, allow_missing_keys: bool = False) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        check_number("prob", prob, 0, 1)
        RandomizableTransform.__init__(self, prob)

    def randomize(self, data: Any = None) -> None:
        super().randomize(None)
        if self._do_transform:
            self._above, self._share = bool(self.R.randint(2)), self.R.random_sample()

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize()
        ended = dict(data)
        for key in self.key_iterator(data):
            num_slices = data[key].shape[0]
            if num_slices % 2 == 0:
                raise ValueError(f"{key!r} must have an odd number of slices, got {num_slices}.")
            middle = num_slices // 2
            if self._do_transform:
                reach = int(self._share * middle)  # slices that are seen beyond the middle one
                first, last = (0, middle + reach) if self._above else (middle - reach, num_slices - 1)
                positions = torch.arange(num_slices, device=data[key].device).clamp(first, last)
                ended[key] = data[key].index_select(0, positions)
        return ended
