"""Squeeze & excitation in any network: blocks after the encoder and decoder blocks of a network that exists already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .attachment import CHILD, MARK, attach, attached, built_in, detach
from .layers import get_recal_layer
from .nets import EncoderDecoder
from .probing import ExampleInputs, NetworkProbe, Where
from .recalibration_sites import find_sites

__all__ = ["recalibrate"]


def _name_and_options(recal: Any) -> tuple[str | None, dict[str, Any]]:
    if recal is None or isinstance(recal, str):
        return recal, {}
    if isinstance(recal, Sequence) and len(recal) == 2 and isinstance(recal[1], dict):
        return recal[0], recal[1]
    raise ValueError(f"recal must be a name, or (name, {{options}}), or None, got {recal!r}.")


def _sites(network: nn.Module, probe: NetworkProbe, where: Where | None, bottleneck: bool) -> list[str]:
    if where is not None:
        return probe.matching(where)
    sites = find_sites(network)
    if sites is None:
        raise ValueError(
            f"the encoder and decoder blocks of {probe.name} are not known: name them with where, by names, patterns "
            f"such as 'encoder.*', or a function of name and module.{probe.candidates()}"
        )
    if bottleneck and not sites.bottleneck:
        raise ValueError(f"{probe.name} has no bottleneck of feature maps: leave bottleneck=False.")
    return [*sites.encoder, *(sites.bottleneck if bottleneck else ()), *sites.decoder]


def _refuse_unsuited(site: str, module: nn.Module) -> None:
    if isinstance(module, nn.Sequential) and type(module).forward is not nn.Sequential.forward:
        raise ValueError(
            f"{site} is a {type(module).__name__}, a Sequential with a forward of its own, to which no block can be "
            "added: choose a module in it or around it in where."
        )
    if hasattr(module, CHILD):
        raise ValueError(
            f"{site} is a {type(module).__name__} with a {CHILD!r} of its own, the name of the blocks: choose a "
            "module in it or around it in where."
        )


def _attach_all(network: nn.Module, name: str, options: dict[str, Any], sites: dict[str, tuple]) -> None:
    for site, (channels, dims) in sites.items():
        module = network.get_submodule(site)
        _refuse_unsuited(site, module)
        try:
            block = get_recal_layer((name, options), dims, channels)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{site}, {channels} channels: {error}") from error
        like = next((p for p in [*module.parameters(), *network.parameters()] if p.is_floating_point()), None)
        if like is not None:
            block.to(like.device, like.dtype)
        attach(module, block.train(module.training), channels)


def recalibrate(
    network: nn.Module,
    recal: tuple[str | None, dict[str, Any]] | str | None = "scse",
    where: Where | None = None,
    bottleneck: bool = False,
    replace: bool = False,
    spatial_dims: int | None = None,
    example_inputs: ExampleInputs | None = None,
    **options: Any,
) -> nn.Module:
    """Recalibrate a network: put a squeeze & excitation block after each of its encoder and decoder blocks.

    That is the placement of the paper. These networks of MONAI need no further argument: AttentionUnet, BasicUNet,
    BasicUNetPlusPlus, DynUNet, FlexibleUNet, HighResNet, SegResNet, SegResNetDS, SegResNetDS2, SegResNetVAE, SwinUNETR,
    UNETR, UNet and VNet. Any other network needs ``where``. One run of a copy of the network finds the numbers of
    channels.

    The blocks are new modules called ``recal`` in the modules that they follow. All other names stay. Weights of the
    network therefore still load: ``network.load_state_dict(weights, strict=False)`` misses nothing but the keys with
    ``recal``.

    Reference: A. G. Roy et al., MICCAI 2018, https://arxiv.org/abs/1803.02579.

    Args:
        network: it is changed in place, its weights are not.
        recal: name of the block, or ``(name, {options})``, see :func:`monai_scse.networks.layers.get_recal_layer`. None
            is no block, and with ``replace=True`` takes those of an earlier call away.
        where: the modules that blocks follow. It is a name, a pattern such as ``"encoder.stages.*"``, a list of both,
            or a function of name and module that returns a bool. Of modules inside each other a pattern means the outer
            ones. None means the encoder and decoder blocks of a known network.
        bottleneck: whether to recalibrate the bottleneck of a known network as well. The paper does not.
        replace: whether to replace the blocks of an earlier call, instead of refusing.
        spatial_dims: 1, 2 or 3, checked against the network if given.
        example_inputs: what the network's forward takes: a tensor, a tuple of arguments or a dict of keyword arguments.
            Networks that take an image of 64, 96, 128 or 224 voxels along each axis need none.
        options: of the block, for example ``reduction=4``.

    Returns:
        the same network.

    Raises:
        TypeError: when the network is no module, or is scripted or compiled.
        ValueError: when the network is unknown and ``where`` is None, or is recalibrated already. Also when ``where``
            matches nothing or a module that does not return a feature map, or the block does not take the options.
            The network is then unchanged.

    Example:
        >>> from monai.networks.nets import BasicUNet
        >>> network = recalibrate(BasicUNet(spatial_dims=3, features=(8, 8, 16, 32, 64, 8)))
        >>> network(torch.rand(1, 1, 32, 32, 32)).shape
        torch.Size([1, 2, 32, 32, 32])
    """
    if not isinstance(network, nn.Module) or isinstance(network, torch.jit.ScriptModule):
        raise TypeError(f"network must be a torch.nn.Module that is not scripted, got {type(network).__name__}.")
    if hasattr(network, "_orig_mod"):
        raise TypeError("network must not be compiled: recalibrate it first, then compile it.")
    if any(isinstance(module, EncoderDecoder) for module in network.modules()):
        raise ValueError(f"{type(network).__name__} takes blocks as it is built: give it the argument recal.")
    if with_blocks := built_in(network):
        raise ValueError(
            f"{type(network).__name__} is built with recalibration in {', '.join(with_blocks)}: build it without, for "
            'example with norm="batch" instead of norm="batch_scse".'
        )
    before = attached(network)
    if before and not replace:
        raise ValueError(
            f"{type(network).__name__} is recalibrated already, after {', '.join(before)}: give replace=True to "
            "replace these blocks."
        )
    name, named_options = _name_and_options(recal)
    earlier = {site: (module.get_submodule(CHILD), getattr(module, MARK)) for site, module in before.items()}
    for module in before.values():
        detach(module)
    try:
        probe = NetworkProbe(network, example_inputs)
        sites = probe.channels(_sites(network, probe, where, bottleneck), spatial_dims)
        if name is not None:
            _attach_all(network, name, {**named_options, **options}, sites)
    except Exception:
        for module in attached(network).values():
            detach(module)
        for site, module in before.items():
            attach(module, *earlier[site])
        raise
    return network
