"""U-Net with squeeze & excitation."""

from __future__ import annotations

from functools import partial

from torch import nn

from ..blocks import ConvNormAct, MaxPool, TransposedConvolution
from .encoder_decoder import EncoderDecoder, Parts

__all__ = ["SEUNet"]


class SEUNet(EncoderDecoder):
    """U-Net as in the scSE paper: blocks of two convolutions, transposed convolutions to upsample, concatenating skips.

    References: O. Ronneberger et al., "U-Net", MICCAI 2015. A. G. Roy et al., MICCAI 2018,
    https://arxiv.org/abs/1803.02579.

    Arguments, shapes and errors are those of :class:`EncoderDecoder`.

    Example:
        >>> import torch
        >>> network = SEUNet(spatial_dims=2, in_channels=1, out_channels=28)
        >>> sum(p.numel() for p in network.parameters())
        2153756
        >>> network.eval()(torch.rand(1, 1, 40, 50)).shape
        torch.Size([1, 28, 40, 50])
    """

    @staticmethod
    def parts(spatial_dims: int, features: int, kernel_size: int, act: tuple | str, norm: tuple | str) -> Parts:
        convolution = partial(ConvNormAct, spatial_dims, kernel_size=kernel_size, act=act, norm=norm)

        def double_convolution(in_channels: int, out_channels: int) -> nn.Sequential:
            return nn.Sequential(convolution(in_channels, out_channels), convolution(out_channels, out_channels))

        return Parts(
            block=double_convolution,
            bottleneck=convolution,
            downsample=partial(MaxPool, spatial_dims),
            upsample=partial(TransposedConvolution, spatial_dims, features),
        )
