"""Fully convolutional DenseNet with squeeze & excitation."""

from __future__ import annotations

from functools import partial

from ..blocks import ConvNormAct, FCDenseBlock, MaxPoolWithIndices, MaxUnpool
from .encoder_decoder import EncoderDecoder, Parts

__all__ = ["SEFCDenseNet"]


class SEFCDenseNet(EncoderDecoder):
    """FC-DenseNet as in the scSE paper: densely connected blocks, unpooling with the encoder's indices.

    References: S. Jegou et al., "The One Hundred Layers Tiramisu", CVPR workshops 2017. A. G. Roy et al., MICCAI 2018,
    https://arxiv.org/abs/1803.02579.

    Arguments, shapes and errors are those of :class:`EncoderDecoder`.

    Example:
        >>> import torch
        >>> network = SEFCDenseNet(spatial_dims=2, in_channels=1, out_channels=28)
        >>> sum(p.numel() for p in network.parameters())
        3332386
        >>> network.eval()(torch.rand(1, 1, 40, 50)).shape
        torch.Size([1, 28, 40, 50])
    """

    @staticmethod
    def parts(spatial_dims: int, features: int, kernel_size: int, act: tuple | str, norm: tuple | str) -> Parts:
        return Parts(
            block=partial(FCDenseBlock, spatial_dims, kernel_size=kernel_size, act=act, norm=norm),
            bottleneck=partial(ConvNormAct, spatial_dims, kernel_size=kernel_size, act="", norm=norm),
            downsample=partial(MaxPoolWithIndices, spatial_dims),
            upsample=MaxUnpool,
        )
