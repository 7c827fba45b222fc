"""SD-Net (SkipDeconv-Net) with squeeze & excitation."""

from __future__ import annotations

from functools import partial

from ..blocks import ConvNormAct, MaxPoolWithIndices, MaxUnpool
from .encoder_decoder import EncoderDecoder, Parts

__all__ = ["SESDNet"]


class SESDNet(EncoderDecoder):
    """SD-Net as in the scSE paper: blocks of one convolution, unpooling with the encoder's indices.

    References: A. G. Roy et al., "Error Corrective Boosting for Learning Fully Convolutional Networks with Limited
    Data", MICCAI 2017. A. G. Roy et al., MICCAI 2018, https://arxiv.org/abs/1803.02579.

    Arguments, shapes and errors are those of :class:`EncoderDecoder`.

    Example:
        >>> import torch
        >>> network = SESDNet(spatial_dims=2, in_channels=1, out_channels=28)
        >>> sum(p.numel() for p in network.parameters())
        1267228
        >>> network.eval()(torch.rand(1, 1, 40, 50)).shape
        torch.Size([1, 28, 40, 50])
    """

    @staticmethod
    def parts(spatial_dims: int, features: int, kernel_size: int, act: tuple | str, norm: tuple | str) -> Parts:
        convolution = partial(ConvNormAct, spatial_dims, kernel_size=kernel_size, act=act, norm=norm)
        return Parts(
            block=convolution,
            bottleneck=convolution,
            downsample=partial(MaxPoolWithIndices, spatial_dims),
            upsample=MaxUnpool,
        )
