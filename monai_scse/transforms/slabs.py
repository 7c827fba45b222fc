"""Neighbouring slices as input channels of a 2D network."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms import MapTransform

__all__ = ["StackAdjacentSlicesd"]


class StackAdjacentSlicesd(MapTransform):
    """Give every slice of a volume its neighbours as further channels, for 2D networks that see a thin slab.

    Channel ``i`` of the output is the volume shifted so that each slice shows the one ``i - num_slices // 2`` positions
    further; beyond the ends the outermost slice is repeated. The output is a view that takes the memory of one volume.

    Args:
        keys: the entries to stack, (1, x, y, z).
        num_slices: odd number of slices in a slab; 1 leaves the volume as it is.
        spatial_dim: the axis that the slices are counted along: 0, 1 or 2.

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

    def __init__(self, keys: str | Sequence[str], num_slices: int, spatial_dim: int = 1) -> None:
        super().__init__(keys)
        if num_slices < 1 or num_slices % 2 == 0:
            raise ValueError(f"num_slices must be odd and positive, got {num_slices}.")
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
