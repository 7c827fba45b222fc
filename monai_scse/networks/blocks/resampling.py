"""Down- and upsampling of the encoder-decoder networks, and the padding that makes every input size fit.

Every downsampling returns ``(pooled, indices)`` and every upsampling takes ``(x, indices)``. Networks that unpool with
the encoder's indices and networks that do not thus share one skeleton.
"""

from __future__ import annotations

import torch
from monai.networks.layers.factories import Conv, Pool
from torch import nn

from .arguments import check_sizes

__all__ = ["MaxPool", "MaxPoolWithIndices", "TransposedConvolution", "MaxUnpool", "pad_to_multiple", "crop_to_size"]


class MaxPool(nn.Module):
    """2x max pooling. The indices it returns are an empty tensor."""

    def __init__(self, spatial_dims: int) -> None:
        super().__init__()
        check_sizes(spatial_dims)
        self.pool = Pool[Pool.MAX, spatial_dims](2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.pool(x), torch.empty(0, dtype=torch.long, device=x.device)


class MaxPoolWithIndices(nn.Module):
    """2x max pooling that also returns the flat index of every maximum within its channel."""

    def __init__(self, spatial_dims: int) -> None:
        super().__init__()
        check_sizes(spatial_dims)
        self.spatial_dims = spatial_dims

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self.spatial_dims == 1:
            return nn.functional.max_pool1d_with_indices(x, [2])
        if self.spatial_dims == 2:
            return nn.functional.max_pool2d_with_indices(x, [2, 2])
        return nn.functional.max_pool3d_with_indices(x, [2, 2, 2])


class TransposedConvolution(nn.Module):
    """Learnt 2x upsampling that ignores the indices."""

    def __init__(self, spatial_dims: int, channels: int) -> None:
        super().__init__()
        check_sizes(spatial_dims, channels=channels)
        self.conv = Conv[Conv.CONVTRANS, spatial_dims](channels, channels, kernel_size=2, stride=2)

    def forward(self, x: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class MaxUnpool(nn.Module):
    """2x unpooling: every value returns to the position of the maximum it came from, all other positions are zero.

    Bit-identical to ``torch.nn.MaxUnpool1d/2d/3d``, which can neither be scripted nor run in deterministic mode.
    """

    def forward(self, x: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        spatial = [2 * size for size in x.shape[2:]]
        positions = 1
        for size in spatial:
            positions *= size
        unpooled = torch.zeros([x.shape[0], x.shape[1], positions], dtype=x.dtype, device=x.device)
        unpooled = unpooled.scatter(2, indices.flatten(2), x.flatten(2))
        return unpooled.view([x.shape[0], x.shape[1]] + spatial)  # noqa: RUF005  (unpacking does not script)


def pad_to_multiple(x: torch.Tensor, multiple: int) -> torch.Tensor:
    """Replicate the last voxels of every spatial axis until its size is a multiple of ``multiple``.

    Args:
        x: feature map, (batch, channels, *spatial).
        multiple: the padded sizes are the next multiples of this number of voxels.
    """
    for axis in range(2, x.dim()):
        size = x.shape[axis]
        padded = (size + multiple - 1) // multiple * multiple
        # by index, not by torch's replication padding: that one has no deterministic backward on CUDA
        x = x.index_select(axis, torch.arange(padded, device=x.device).clamp(max=size - 1))
    return x


def crop_to_size(x: torch.Tensor, size: list[int]) -> torch.Tensor:
    """Undo :func:`pad_to_multiple`: keep the first ``size[i]`` voxels of every spatial axis.

    Args:
        x: feature map, (batch, channels, *spatial).
        size: the spatial size to keep.
    """
    for axis in range(len(size)):
        x = x.narrow(axis + 2, 0, size[axis])
    return x
