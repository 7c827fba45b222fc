"""The skeleton that the three networks of the paper share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from monai.networks.layers.factories import Conv, Dropout
from monai.networks.layers.utils import get_dropout_layer
from torch import nn

from ...runtime.arguments import check_number
from ..blocks import crop_to_size, pad_to_multiple
from ..blocks.arguments import check_layer, check_sizes
from ..layers import get_recal_layer

__all__ = ["EncoderDecoder", "Parts"]


@dataclass(frozen=True)
class Parts:
    """The constructors of what the networks differ in.

    Args:
        block: called with (in_channels, out_channels), makes an encoder or decoder block.
        bottleneck: called with (in_channels, out_channels), makes the bottleneck.
        downsample: called without arguments, makes a 2x downsampling that returns (pooled, indices).
        upsample: called without arguments, makes a 2x upsampling that takes (x, indices).
    """

    block: Callable[[int, int], nn.Module]
    bottleneck: Callable[[int, int], nn.Module]
    downsample: Callable[[], nn.Module]
    upsample: Callable[[], nn.Module]


class EncoderDecoder(nn.Module):
    """Four encoder blocks, a bottleneck, four decoder blocks and a 1x1 classifier, recalibrated as in the paper.

    A recalibration block follows every encoder and every decoder block, but not the bottleneck. Pooling and the
    skip connection take the recalibrated map. A decoder block sees the skip connection and the upsampled map
    concatenated. Inputs whose size is no multiple of 16 are padded by replication, and the logits are cropped.

    A subclass gives the :meth:`parts` of its network. MONAI's ``UNet`` is nearest. It has no place for blocks
    behind its encoder and decoder blocks, and it does not unpool with the encoder's indices.

    Reference: A. G. Roy et al., MICCAI 2018, https://arxiv.org/abs/1803.02579, figure 1(a).

    Args:
        spatial_dims: number of spatial dimensions of the input: 1, 2 or 3.
        in_channels: channels of the input.
        out_channels: channels of the output, the number of classes.
        features: channels of every feature map.
        kernel_size: odd size of the kernels, in voxels.
        recal: ``"cse"``, ``"sse"``, ``"scse"``, ``"pe"``, ``(name, {options})``, or None for no recalibration.
        act: activation, a MONAI name or ``(name, {options})``.
        norm: normalisation, a MONAI name or ``(name, {options})``.
        dropout: dropout behind every recalibrated block: a probability, or a MONAI name with options.

    Shape:
        input: (batch, in_channels, *spatial), any size. Output: logits (batch, out_channels, *spatial).

    Raises:
        ValueError: when an argument is out of its range.
    """

    depth = 4

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
        super().__init__()
        check_sizes(spatial_dims, in_channels=in_channels, out_channels=out_channels, features=features)
        if isinstance(dropout, (int, float)):
            check_number("dropout", dropout, 0, 1)
        else:
            check_layer("dropout", Dropout, dropout)
        parts = self.parts(spatial_dims, features, kernel_size, act, norm)

        def recalibrated(block_in_channels: int) -> nn.Sequential:
            stage = nn.Sequential()
            stage.add_module("block", parts.block(block_in_channels, features))
            stage.add_module("recal", get_recal_layer(recal, spatial_dims, features))
            if dropout:
                stage.add_module("dropout", get_dropout_layer(dropout, spatial_dims))
            return stage

        self.encoders = nn.ModuleList(recalibrated(in_channels if i == 0 else features) for i in range(self.depth))
        self.downsamples = nn.ModuleList(parts.downsample() for _ in range(self.depth))
        self.bottleneck = parts.bottleneck(features, features)
        self.upsamples = nn.ModuleList(parts.upsample() for _ in range(self.depth))
        self.decoders = nn.ModuleList(recalibrated(2 * features) for _ in range(self.depth))
        self.classifier = Conv[Conv.CONV, spatial_dims](features, out_channels, kernel_size=1)
        self.multiple = 2**self.depth
        self._initialise()

    @staticmethod
    def parts(spatial_dims: int, features: int, kernel_size: int, act: tuple | str, norm: tuple | str) -> Parts:
        """What a subclass is made of.

        Args:
            spatial_dims: as in the class.
            features: as in the class.
            kernel_size: as in the class.
            act: as in the class.
            norm: as in the class.
        """
        raise NotImplementedError

    def _initialise(self) -> None:
        """He-normal weights and zero biases, as in the authors' networks."""
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.modules.conv._ConvNd)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = list(x.shape[2:])
        x = pad_to_multiple(x, self.multiple)
        skips: list[torch.Tensor] = []
        indices: list[torch.Tensor] = []
        for encoder, downsample in zip(self.encoders, self.downsamples):
            x = encoder(x)
            skips.append(x)
            x, maxima = downsample(x)
            indices.append(maxima)
        x = self.bottleneck(x)
        for upsample, decoder in zip(self.upsamples, self.decoders):
            x = upsample(x, indices.pop())
            x = decoder(torch.cat([skips.pop(), x], dim=1))
        return crop_to_size(self.classifier(x), size)
