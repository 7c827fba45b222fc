"""Networks of MONAI and of nnU-Net, small: how many sites each has, and what it cannot do by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import monai.networks.nets as nets
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from monai.networks.layers.factories import Conv, Norm
from torch import nn


@dataclass(frozen=True)
class Stock:
    """A network.

    Args:
        make: builds it for a number of spatial dimensions.
        channels: of the feature maps after each site, in the order of the sites.
        size: voxels along each axis of an input.
        limits: what the network itself cannot do, and why, whether it is recalibrated or not.
        where: the sites of a network that recalibrate does not know.
    """

    make: Callable[[int], nn.Module]
    channels: tuple[int, ...]
    size: int = 32
    limits: dict[str, str] = field(default_factory=dict)
    where: tuple[str, ...] | None = None


_HEADS = "the heads of deep supervision"
_PADDING = "the padding of its upsampled maps breaks the graph"
_LEVELS = {"blocks_down": (1, 1, 1), "init_filters": 8, "in_channels": 1, "out_channels": 2}

_NNUNET = ("encoder.stages.[01]", "decoder.stages.?")


def _nnunet(network: type[nn.Module], dims: int) -> nn.Module:
    norm = {"norm_op": Norm[Norm.INSTANCE, dims], "norm_op_kwargs": {"affine": True}, "nonlin": nn.LeakyReLU}
    return network(1, 3, (4, 8, 16), Conv[Conv.CONV, dims], 3, (1, 2, 2), (1, 1, 1), 2, (1, 1), **norm)


STOCK = {
    "UNet": Stock(lambda d: nets.UNet(d, 1, 2, (4, 8, 16), (2, 2)), (4, 8, 4)),
    "UNet, residual": Stock(lambda d: nets.UNet(d, 1, 1, (4, 8, 16), (2, 2), num_res_units=2), (4, 8, 4)),
    "BasicUNet": Stock(
        lambda d: nets.BasicUNet(d, 1, 2, (4, 4, 8, 8, 16, 4)), (4, 4, 8, 8, 8, 8, 4, 4), limits={"fullgraph": _PADDING}
    ),
    "BasicUNetPlusPlus": Stock(
        lambda d: nets.BasicUNetPlusPlus(d, 1, 2, (4, 4, 8, 8, 16, 4)),
        (4, 4, 8, 8, 4, 4, 8, 8, 4, 4, 8, 4, 4, 4),
        limits={"fullgraph": _PADDING, "unused": _HEADS},
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
        lambda d: nets.SegResNetVAE((32,) * d, spatial_dims=d, blocks_up=(1, 1), **_LEVELS),
        (8, 16, 16, 8),
        limits={"unused": "a layer for the deviation, which is a constant by default"},
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
        limits={"fullgraph": _PADDING, "unused": "the classifier of its encoder"},
    ),
    "HighResNet": Stock(lambda d: nets.HighResNet(d, 1, 2), (16, 16, 16, 32, 32, 32, 64, 64, 64), size=16),
    "UNETR": Stock(
        lambda d: nets.UNETR(1, 2, (32,) * d, 4, 12, 24, 2, spatial_dims=d),
        (4, 8, 16, 32, 32, 16, 8, 4),
        limits={"unused": "normalisations for cross-attention, which it has not"},
    ),
    "SwinUNETR": Stock(
        lambda d: nets.SwinUNETR(1, 2, feature_size=12, spatial_dims=d, depths=(1, 1, 1, 1), num_heads=(1, 1, 2, 2)),
        (12, 12, 24, 48, 96, 48, 24, 12, 12),
        size=64,
        limits={
            "script": "TorchScript cannot compile its transformer blocks",
            "fullgraph": "it branches on the values of tensors",
        },
    ),
    "nnU-Net": Stock(
        lambda d: _nnunet(PlainConvUNet, d),
        (4, 8, 8, 4),
        limits={"script": "its encoder returns a list or a tensor", "unused": _HEADS},
        where=_NNUNET,
    ),
    "nnU-Net, residual": Stock(
        lambda d: _nnunet(ResidualEncoderUNet, d),
        (4, 8, 8, 4),
        limits={"script": "its blocks call a lambda", "pickle": "its blocks hold a lambda", "unused": _HEADS},
        where=_NNUNET,
    ),
}


def logits(output: object) -> list[torch.Tensor]:
    """All that a network returns: one tensor, several, or logits and a loss."""
    if isinstance(output, torch.Tensor):
        return [output]
    return [tensor for part in output if part is not None for tensor in logits(part)]


def blocks(network: nn.Module) -> dict[str, nn.Module]:
    """The recalibration blocks of a network, by name."""
    return {name: module for name, module in network.named_modules() if name.endswith(".recal")}
