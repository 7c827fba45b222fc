"""SD-Net (SkipDeconv-Net) with squeeze & excitation."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..blocks import ConvNormAct, MaxPoolWithIndices, MaxUnpool
from .encoder_decoder import EncoderDecoder

__all__ = ["SESDNet"]


class SESDNet(EncoderDecoder):
    """SD-Net as in the scSE paper: blocks of one convolution, unpooling with the encoder's indices.

    References: A. G. Roy et al., "Error Corrective Boosting for Learning Fully Convolutional Networks with Limited
    Data", MICCAI 2017; A. G. Roy et al., MICCAI 2018, https://arxiv.org/abs/1803.02579.

    Args:
        spatial_dims: number of spatial dimensions of the input: 1, 2 or 3.
        in_channels: channels of the input.
        out_channels: channels of the output, the number of classes.
        features: channels of every feature map.
        kernel_size: odd size of the kernels, in voxels.
        recal: ``"cse"``, ``"sse"``, ``"scse"``, ``"pe"``, ``(name, {options})``, or None for no recalibration.
        act: activation, a MONAI name or ``(name, {options})``.
        norm: normalisation, a MONAI name or ``(name, {options})``.
        dropout: dropout behind every block: a probability, or a MONAI name with options.

    Shape:
        input: (batch, in_channels, *spatial), any size; output: logits (batch, out_channels, *spatial).

    Raises:
        ValueError: when an argument is out of its range.

    Example:
        >>> import torch
        >>> network = SESDNet(spatial_dims=2, in_channels=1, out_channels=28)
        >>> sum(p.numel() for p in network.parameters())
        1267228
        >>> network.eval()(torch.rand(1, 1, 40, 50)).shape
        torch.Size([1, 28, 40, 50])
    """

    def __init__(
        self,
        spatial_dims: int,
        in_channels: int,
        out_channels: int,
        features: int = 64,
        kernel_size: int = 5,
        recal: tuple[str, dict[str, Any]] | str | None = "scse",
        act: tuple | str = "relu",
        norm: tuple | str = "batch",
        dropout: tuple | str | float = 0.0,
    ) -> None:
        convolution = partial(ConvNormAct, spatial_dims, kernel_size=kernel_size, act=act, norm=norm)
        super().__init__(
            spatial_dims,
            in_channels,
            out_channels,
            features,
            block=convolution,
            bottleneck=convolution,
            downsample=partial(MaxPoolWithIndices, spatial_dims),
            upsample=MaxUnpool,
            recal=recal,
            dropout=dropout,
        )
