"""The convolution blocks of the encoder-decoder networks: plain (U-Net, SD-Net) and densely connected (FC-DenseNet)."""

from __future__ import annotations

import torch
from monai.networks.layers.factories import Act, Conv, Norm
from monai.networks.layers.utils import get_act_layer, get_norm_layer
from torch import nn

from ...runtime.arguments import check_whole
from .arguments import check_layer, check_sizes

__all__ = ["ConvNormAct", "FCDenseBlock"]


def _same_convolution(spatial_dims: int, in_channels: int, out_channels: int, kernel_size: int) -> nn.Module:
    check_sizes(spatial_dims, in_channels=in_channels, out_channels=out_channels)
    check_whole("kernel_size", kernel_size)
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(
            f"kernel_size must be odd and positive, got {kernel_size}: an even one shifts the feature map."
        )
    return Conv[Conv.CONV, spatial_dims](in_channels, out_channels, kernel_size, padding=kernel_size // 2)


def _check_layers(act: tuple | str, norm: tuple | str) -> None:
    for argument, factory, layer in (("act", Act, act), ("norm", Norm, norm)):
        if layer != "":  # MONAI's word for none
            check_layer(argument, factory, layer)


class ConvNormAct(nn.Sequential):
    """A convolution that keeps the spatial size, then normalisation, then activation.

    Args:
        spatial_dims: 1, 2 or 3.
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: odd size of the kernel, in voxels, the same along every axis.
        act: activation, a MONAI name or ``(name, {options})``.
        norm: normalisation, a MONAI name or ``(name, {options})``.

    Raises:
        ValueError: when ``kernel_size`` is even.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 5,
        act: tuple | str = "relu",
        norm: tuple | str = "batch",
    ) -> None:
        super().__init__()
        _check_layers(act, norm)
        self.add_module("conv", _same_convolution(spatial_dims, in_channels, out_channels, kernel_size))
        self.add_module("norm", get_norm_layer(norm, spatial_dims, out_channels))
        self.add_module("act", get_act_layer(act))


class _NormActConv(nn.Sequential):
    """Normalisation, activation, convolution: one layer of a dense block."""

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        act: tuple | str,
        norm: tuple | str,
    ) -> None:
        super().__init__()
        self.add_module("norm", get_norm_layer(norm, spatial_dims, in_channels))
        self.add_module("act", get_act_layer(act))
        self.add_module("conv", _same_convolution(spatial_dims, in_channels, out_channels, kernel_size))


class FCDenseBlock(nn.Module):
    """A densely connected block: two convolutions that see all maps before them, and a 1x1 convolution to compress.

    Reference: S. Jegou et al., "The One Hundred Layers Tiramisu", CVPR workshops 2017, in the form of A. G. Roy et al.,
    "QuickNAT", NeuroImage 2019.

    Args:
        spatial_dims: 1, 2 or 3.
        in_channels: channels of the input.
        out_channels: channels of each convolution and of the output.
        kernel_size: odd size of the first two kernels, in voxels.
        act: activation, a MONAI name or ``(name, {options})``.
        norm: normalisation, a MONAI name or ``(name, {options})``.
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 5,
        act: tuple | str = "relu",
        norm: tuple | str = "batch",
    ) -> None:
        super().__init__()
        check_sizes(spatial_dims, in_channels=in_channels, out_channels=out_channels)
        _check_layers(act, norm)
        self.layer1 = _NormActConv(spatial_dims, in_channels, out_channels, kernel_size, act, norm)
        self.layer2 = _NormActConv(spatial_dims, in_channels + out_channels, out_channels, kernel_size, act, norm)
        self.compress = _NormActConv(spatial_dims, in_channels + 2 * out_channels, out_channels, 1, act, norm)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.cat([x, self.layer1(x)], dim=1)
        x = torch.cat([x, self.layer2(x)], dim=1)
        return self.compress(x)
