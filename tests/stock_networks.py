"""MONAI's networks, small, with what is known of each: how many sites it has, and what it cannot do by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import monai.networks.nets as nets
import torch
from torch import nn


@dataclass(frozen=True)
class Stock:
    """A network of MONAI.

    Args:
        make: builds it for a number of spatial dimensions.
        channels: of the feature maps after each site, in the order of the sites.
        size: voxels along each axis of an input.
        limits: what the network itself cannot do, and why, whether it is recalibrated or not.
    """

    make: Callable[[int], nn.Module]
    channels: tuple[int, ...]
    size: int = 32
    limits: dict[str, str] = field(default_factory=dict)


_PADDING = "the padding of its upsampled maps breaks the graph"
_LEVELS = {"blocks_down": (1, 1, 1), "init_filters": 8, "in_channels": 1, "out_channels": 2}

STOCK = {
    "UNet": Stock(lambda d: nets.UNet(d, 1, 2, (4, 8, 16), (2, 2)), (4, 8, 4)),
    "UNet, residual": Stock(lambda d: nets.UNet(d, 1, 1, (4, 8, 16), (2, 2), num_res_units=2), (4, 8, 4)),
    "BasicUNet": Stock(
        lambda d: nets.BasicUNet(d, 1, 2, (4, 4, 8, 8, 16, 4)), (4, 4, 8, 8, 8, 8, 4, 4), limits={"fullgraph": _PADDING}
    ),
    "BasicUNetPlusPlus": Stock(
        lambda d: nets.BasicUNetPlusPlus(d, 1, 2, (4, 4, 8, 8, 16, 4)),
        (4, 4, 8, 8, 4, 4, 8, 8, 4, 4, 8, 4, 4, 4),
        limits={"fullgraph": _PADDING},
    ),
    "AttentionUnet": Stock(lambda d: nets.AttentionUnet(d, 1, 2, (4, 8, 16), (2, 2)), (4, 8, 4, 8)),
    "DynUNet": Stock(lambda d: nets.DynUNet(d, 1, 2, (3, 3, 3), (1, 2, 2), (2, 2), filters=(4, 8, 16)), (4, 8, 8, 4)),
    "SegResNet": Stock(lambda d: nets.SegResNet(d, blocks_up=(1, 1), **_LEVELS), (8, 16, 16, 8)),
    "SegResNetDS": Stock(lambda d: nets.SegResNetDS(d, **_LEVELS), (8, 16, 16, 8)),
    "SegResNetDS2": Stock(
        lambda d: nets.SegResNetDS2(d, **_LEVELS),
        (8, 16, 16, 8, 16, 8),
        limits={"script": "annotated assignments without a value"},
    ),
    "SegResNetVAE": Stock(
        lambda d: nets.SegResNetVAE((32,) * d, spatial_dims=d, blocks_up=(1, 1), **_LEVELS), (8, 16, 16, 8)
    ),
    "VNet": Stock(lambda d: nets.VNet(d, 1, 2), (16, 32, 64, 128, 256, 128, 64, 32)),
    "FlexibleUNet, ResNet": Stock(
        lambda d: nets.FlexibleUNet(1, 2, "resnet10", decoder_channels=(16, 8, 8, 4, 4), spatial_dims=d),
        (64, 64, 128, 256, 16, 8, 8, 4, 4),
        size=64,
        limits={"fullgraph": _PADDING},
    ),
    "FlexUNet, EfficientNet": Stock(
        lambda d: nets.FlexUNet(1, 2, "efficientnet-b0", decoder_channels=(16, 8, 8, 4, 4), spatial_dims=d),
        (16, 24, 40, 112, 16, 8, 8, 4, 4),
        size=64,
        limits={"fullgraph": _PADDING},
    ),
    "HighResNet": Stock(lambda d: nets.HighResNet(d, 1, 2), (16, 16, 16, 32, 32, 32, 64, 64, 64), size=16),
    "UNETR": Stock(lambda d: nets.UNETR(1, 2, (32,) * d, 4, 12, 24, 2, spatial_dims=d), (4, 8, 16, 32, 32, 16, 8, 4)),
    "SwinUNETR": Stock(
        lambda d: nets.SwinUNETR(1, 2, feature_size=12, spatial_dims=d, depths=(1, 1, 1, 1), num_heads=(1, 1, 2, 2)),
        (12, 12, 24, 48, 96, 48, 24, 12, 12),
        size=64,
        limits={
            "script": "TorchScript cannot compile its transformer blocks",
            "fullgraph": "it branches on the values of tensors",
        },
    ),
}


def logits(output: object) -> list[torch.Tensor]:
    """All that a network returns: one tensor, several, or logits and a loss."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [tensor for part in output if part is not None for tensor in logits(part)]
