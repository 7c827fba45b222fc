"""Where the encoder and decoder blocks of MONAI's networks are, and which input size a network insists on.

A site is the name of a module whose output is the output of such a block. Layers that compute logits are no sites.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass

from monai.networks.layers.simplelayers import SkipConnection
from monai.networks.nets import (
    UNETR,
    AttentionUnet,
    BasicUNet,
    BasicUNetPlusPlus,
    DynUNet,
    FlexibleUNet,
    HighResNet,
    SegResNet,
    SegResNetDS,
    SegResNetDS2,
    SwinUNETR,
    UNet,
    VNet,
)
from monai.networks.nets.efficientnet import EfficientNetBNFeatures
from monai.networks.nets.highresnet import HighResBlock
from monai.networks.nets.resnet import ResNetFeatures
from torch import nn

__all__ = ["RecalibrationSites", "find_sites", "input_size"]


@dataclass(frozen=True)
class RecalibrationSites:
    """Names of the modules after which a network is recalibrated.

    Args:
        encoder: encoder blocks, without the bottleneck.
        decoder: decoder blocks.
        bottleneck: the lowest block, or several where there is no single one, recalibrated only when asked for.
    """

    encoder: tuple[str, ...]
    decoder: tuple[str, ...]
    bottleneck: tuple[str, ...] = ()


def _numbered(prefix: str, modules: Sized, suffix: str = "") -> tuple[str, ...]:
    return tuple(f"{prefix}.{i}{suffix}" for i in range(len(modules)))


def _unet(network: UNet) -> RecalibrationSites:
    encoder, decoder = [], []
    prefix = "model"
    level: nn.Module = network.model
    while isinstance(level, nn.Sequential) and len(level) == 3 and isinstance(level[1], SkipConnection):
        encoder.append(f"{prefix}.0")
        decoder.append(f"{prefix}.2")
        prefix, level = f"{prefix}.1.submodule", level[1].submodule
    # the outermost decoder block has a channel a class: it computes the logits
    return RecalibrationSites(tuple(encoder), tuple(decoder[1:]), (prefix,))


def _attention_unet(network: AttentionUnet) -> RecalibrationSites:
    encoder, decoder = ["model.0"], []
    prefix = "model.1"
    level: nn.Module = network.model[1]
    while True:
        decoder.append(f"{prefix}.merge")
        prefix, level = f"{prefix}.submodule", level.get_submodule("submodule")
        if not isinstance(level, nn.Sequential):
            return RecalibrationSites(tuple(encoder), tuple(decoder), (prefix,))
        encoder.append(f"{prefix}.0")
        prefix, level = f"{prefix}.1", level[1]


def _basic_unet(network: BasicUNet) -> RecalibrationSites:
    return RecalibrationSites(
        ("conv_0", "down_1", "down_2", "down_3"), ("upcat_4", "upcat_3", "upcat_2", "upcat_1"), ("down_4",)
    )


def _basic_unet_plus_plus(network: BasicUNetPlusPlus) -> RecalibrationSites:
    decoder = tuple(f"upcat_{row}_{column}" for column in range(1, 5) for row in range(5 - column))
    return RecalibrationSites(("conv_0_0", "conv_1_0", "conv_2_0", "conv_3_0"), decoder, ("conv_4_0",))


def _dyn_unet(network: DynUNet) -> RecalibrationSites:
    return RecalibrationSites(
        ("input_block", *_numbered("downsamples", network.downsamples)),
        _numbered("upsamples", network.upsamples),
        ("bottleneck",),
    )


def _seg_res_net(network: SegResNet) -> RecalibrationSites:
    *encoder, bottleneck = _numbered("down_layers", network.down_layers)
    return RecalibrationSites(tuple(encoder), _numbered("up_layers", network.up_layers), (bottleneck,))


def _seg_res_net_ds(network: SegResNetDS) -> RecalibrationSites:
    *encoder, bottleneck = _numbered("encoder.layers", network.encoder.layers, ".blocks")
    decoder = _numbered("up_layers", network.up_layers, ".blocks")
    if isinstance(network, SegResNetDS2):
        decoder += _numbered("up_layers_auto", network.up_layers_auto, ".blocks")
    return RecalibrationSites(tuple(encoder), decoder, (bottleneck,))


def _v_net(network: VNet) -> RecalibrationSites:
    return RecalibrationSites(
        ("in_tr", "down_tr32", "down_tr64", "down_tr128"),
        ("up_tr256", "up_tr128", "up_tr64", "up_tr32"),
        ("down_tr256",),
    )


def _flexible_unet(network: FlexibleUNet) -> RecalibrationSites | None:
    if isinstance(network.encoder, EfficientNetBNFeatures):
        stages = [f"encoder._blocks.{stage - 1}" for stage in sorted(network.encoder.extract_stacks) if stage > 0]
    elif isinstance(network.encoder, ResNetFeatures):
        stages = ["encoder.act", "encoder.layer1", "encoder.layer2", "encoder.layer3", "encoder.layer4"]
    else:
        return None  # an encoder that a user has registered
    *encoder, bottleneck = stages
    return RecalibrationSites(tuple(encoder), _numbered("decoder.blocks", network.decoder.blocks), (bottleneck,))


def _high_res_net(network: HighResNet) -> RecalibrationSites:
    """A network of one resolution: its residual blocks stand for encoder blocks."""
    blocks = tuple(f"blocks.{i}" for i, block in enumerate(network.blocks) if isinstance(block, HighResBlock))
    return RecalibrationSites(blocks, ())


def _unetr(network: UNETR) -> RecalibrationSites:
    """The transformer has no feature maps to recalibrate."""
    return RecalibrationSites(
        ("encoder1", "encoder2", "encoder3", "encoder4"), ("decoder5", "decoder4", "decoder3", "decoder2")
    )


def _swin_unetr(network: SwinUNETR) -> RecalibrationSites:
    return RecalibrationSites(
        ("encoder1", "encoder2", "encoder3", "encoder4"),
        ("decoder5", "decoder4", "decoder3", "decoder2", "decoder1"),
        ("encoder10",),
    )


_FINDERS: dict[type[nn.Module], Callable[..., RecalibrationSites | None]] = {
    AttentionUnet: _attention_unet,
    BasicUNet: _basic_unet,
    BasicUNetPlusPlus: _basic_unet_plus_plus,
    DynUNet: _dyn_unet,
    FlexibleUNet: _flexible_unet,
    HighResNet: _high_res_net,
    SegResNet: _seg_res_net,
    SegResNetDS: _seg_res_net_ds,
    SwinUNETR: _swin_unetr,
    UNETR: _unetr,
    UNet: _unet,
    VNet: _v_net,
}


def find_sites(network: nn.Module) -> RecalibrationSites | None:
    """The encoder and decoder blocks of one of MONAI's networks or of a subclass, or None when the class is unknown."""
    for known in type(network).__mro__:
        if known in _FINDERS:
            return _FINDERS[known](network)
    return None


def input_size(network: nn.Module) -> tuple[int, ...] | None:
    """The only size of an image that a network takes, in voxels, or None when it takes several."""
    if isinstance(network, UNETR):
        return tuple(patch * count for patch, count in zip(network.patch_size, network.feat_size))
    return None
