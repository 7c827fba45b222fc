"""Squeeze & excitation blocks for fully convolutional networks.

Reference: A. G. Roy, N. Navab, C. Wachinger, "Concurrent Spatial and Channel Squeeze & Excitation in Fully
Convolutional Networks", MICCAI 2018, https://arxiv.org/abs/1803.02579. The equation numbers below are the paper's.

With the default arguments the blocks are the ones of the paper: reduction 2, no biases (C^2 + C new weights for scSE)
and an element-wise sum. Options beyond it: ``bias`` and ``merge="max"``, which the authors use in their later journal
version (IEEE TMI 2019), and ``merge="mul"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from ...runtime.arguments import check_choice, check_whole, flag_of
from .arguments import check_sizes
from .gradients import merged_sum, spatial_mean

__all__ = ["ChannelSqueezeExcite", "SpatialSqueezeExcite", "SpatialChannelSqueezeExcite", "MERGE_MODES"]

#: How scSE can merge its two halves.
MERGE_MODES = ("add", "max", "mul")


def _check_reduction(reduction: int, in_channels: int) -> None:
    check_whole("reduction", reduction)
    if not 1 <= reduction <= in_channels:
        raise ValueError(
            f"reduction must be between 1 and in_channels={in_channels}, got {reduction}: "
            "the squeezed layer would have no units."
        )


class ChannelSqueezeExcite(nn.Module):
    """Spatial squeeze and channel excitation, cSE (equations 1 and 2): every channel is multiplied by a gate in (0, 1).

    The gate is ``sigmoid(W1 relu(W2 z))``, where ``z`` is the mean of each channel over all spatial positions.

    Args:
        spatial_dims: number of spatial dimensions of the input: 1, 2 or 3.
        in_channels: number of channels C of the input.
        reduction: from 1 to ``in_channels``. The squeezed layer has ``in_channels // reduction`` units.
        bias: whether the two fully connected layers have a bias. The paper has none.

    Shape:
        input and output: (batch, C, *spatial).

    Raises:
        ValueError: when an argument is out of its range.

    Example:
        >>> import torch
        >>> ChannelSqueezeExcite(spatial_dims=2, in_channels=64)(torch.rand(1, 64, 32, 32)).shape
        torch.Size([1, 64, 32, 32])
    """

    def __init__(self, spatial_dims: int, in_channels: int, reduction: int = 2, bias: bool = False) -> None:
        super().__init__()
        check_sizes(spatial_dims, in_channels=in_channels)
        _check_reduction(reduction, in_channels)
        self.spatial_axes = list(range(2, spatial_dims + 2))
        self.gate_shape = [1] * spatial_dims
        self.squeeze = nn.Linear(in_channels, in_channels // reduction, bias=flag_of("bias", bias))
        self.excite = nn.Linear(in_channels // reduction, in_channels, bias=flag_of("bias", bias))

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """The channel gates of ``x``: (batch, C, 1, ...), each in (0, 1)."""
        z = spatial_mean(x, self.spatial_axes)
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(z))))
        return gate.view(list(gate.shape) + self.gate_shape)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)


class _ToOneChannel:
    """Computes a 1x1 convolution to one channel as a product of matrices: on a CPU faster than torch does."""

    if TYPE_CHECKING:  # TorchScript takes annotations of a class for attributes of its own
        weight: torch.Tensor
        bias: torch.Tensor | None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight, bias = self.weight.flatten().unsqueeze(0), self.bias
        if x.is_contiguous():
            output = torch.bmm(weight.expand(x.shape[0], 1, x.shape[1]), x.flatten(2))
            output = output.view([x.shape[0], 1] + list(x.shape[2:]))  # noqa: RUF005  (unpacking does not script)
        else:  # without a copy in channels_last
            output = torch.matmul(x.movedim(1, -1), weight.t()).movedim(-1, 1)
        return output if bias is None else output + bias


class _ToOneChannel1d(_ToOneChannel, nn.Conv1d):
    pass


class _ToOneChannel2d(_ToOneChannel, nn.Conv2d):
    pass


class _ToOneChannel3d(_ToOneChannel, nn.Conv3d):
    pass


_TO_ONE_CHANNEL = {1: _ToOneChannel1d, 2: _ToOneChannel2d, 3: _ToOneChannel3d}


class SpatialSqueezeExcite(nn.Module):
    """Channel squeeze and spatial excitation, sSE (equation 3): every position is multiplied by a gate in (0, 1).

    The gate is ``sigmoid(w . U)``: a 1x1 convolution from C channels to one.

    Args:
        spatial_dims: number of spatial dimensions of the input: 1, 2 or 3.
        in_channels: number of channels C of the input.
        bias: whether the 1x1 convolution has a bias. The paper has none.

    Shape:
        input and output: (batch, C, *spatial).

    Raises:
        ValueError: when an argument is out of its range.

    Example:
        >>> import torch
        >>> SpatialSqueezeExcite(spatial_dims=3, in_channels=8)(torch.rand(1, 8, 4, 4, 4)).shape
        torch.Size([1, 8, 4, 4, 4])
    """

    def __init__(self, spatial_dims: int, in_channels: int, bias: bool = False) -> None:
        super().__init__()
        check_sizes(spatial_dims, in_channels=in_channels)
        self.squeeze = _TO_ONE_CHANNEL[spatial_dims](in_channels, 1, kernel_size=1, bias=flag_of("bias", bias))

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """The spatial gates of ``x``: (batch, 1, *spatial), each in (0, 1)."""
        return torch.sigmoid(self.squeeze(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)


class SpatialChannelSqueezeExcite(nn.Module):
    """Concurrent spatial and channel squeeze & excitation, scSE (section 2.3): ``cSE(U) + sSE(U)``.

    With all weights zero both gates are 1/2, and the block with ``merge="add"`` is the identity.

    Args:
        spatial_dims: number of spatial dimensions of the input: 1, 2 or 3.
        in_channels: number of channels C of the input.
        reduction: as in :class:`ChannelSqueezeExcite`.
        bias: whether the layers of both branches have a bias. The paper has none.
        merge: how the two recalibrated maps are combined, element by element: ``"add"`` (the paper), ``"max"``
            (the authors' later version) or ``"mul"`` (their product).

    Shape:
        input and output: (batch, C, *spatial).

    Raises:
        ValueError: when an argument is out of its range.

    Example:
        >>> import torch
        >>> block = SpatialChannelSqueezeExcite(spatial_dims=2, in_channels=64)
        >>> sum(p.numel() for p in block.parameters())
        4160
        >>> block(torch.rand(1, 64, 32, 32)).shape
        torch.Size([1, 64, 32, 32])
    """

    def __init__(
        self, spatial_dims: int, in_channels: int, reduction: int = 2, bias: bool = False, merge: str = "add"
    ) -> None:
        super().__init__()
        check_choice("merge", merge, MERGE_MODES)
        self.merge = merge
        self.cse = ChannelSqueezeExcite(spatial_dims, in_channels, reduction, bias)
        self.sse = SpatialSqueezeExcite(spatial_dims, in_channels, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        channel_gate = self.cse.gate(x)
        spatial_gate = self.sse.gate(x)
        if self.merge == "max":
            return torch.max(x * channel_gate, x * spatial_gate)
        if self.merge == "mul":
            return (x * channel_gate) * (x * spatial_gate)
        return merged_sum(x, channel_gate, spatial_gate)
