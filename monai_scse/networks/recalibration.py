"""Squeeze & excitation in any network: blocks after the encoder and decoder blocks of a network that exists already."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .layers import RecalibratedNorm, get_recal_layer
from .nets import EncoderDecoder
from .probing import ExampleInputs, NetworkProbe, Where
from .recalibration_sites import find_sites

__all__ = ["RecalibrationReport", "RecalibrationRow", "describe_recalibration", "recalibrate"]

_CHILD = "recal"
# on a module that got a block here: the channels of its output. Other modules may have a child of that name too
_MARK = "recal_channels"


# TorchScript compiles hooks and wants the inputs typed as the forward of the block has them: one for each kind of block
def _recalibrate_one(self, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return self.recal(output)


def _recalibrate_two(self, inputs: tuple[torch.Tensor, torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return self.recal(output)


def _recalibrate_skip(self, inputs: tuple[torch.Tensor, torch.Tensor | None], output: torch.Tensor) -> torch.Tensor:
    return self.recal(output)


_HOOKS = (_recalibrate_one, _recalibrate_two, _recalibrate_skip)


def _hook_for(module: nn.Module) -> Callable:
    parameters = list(inspect.signature(module.forward).parameters.values())
    if len(parameters) < 2:
        return _recalibrate_one
    try:
        annotation = typing.get_type_hints(module.forward).get(parameters[1].name)
    except (NameError, TypeError):
        annotation = None
    return _recalibrate_skip if type(None) in typing.get_args(annotation) else _recalibrate_two


def _name_and_options(recal: Any) -> tuple[str | None, dict[str, Any]]:
    if recal is None or isinstance(recal, str):
        return recal, {}
    if isinstance(recal, Sequence) and len(recal) == 2 and isinstance(recal[1], dict):
        return recal[0], recal[1]
    raise ValueError(f"recal must be a name, or (name, {{options}}), or None, got {recal!r}.")


def _attach(module: nn.Module, block: nn.Module, channels: int) -> None:
    """Let a block recalibrate the output of a module, as its child, so that the names of all others stay."""
    module.add_module(_CHILD, block)
    setattr(module, _MARK, channels)
    if not isinstance(module, nn.Sequential):  # which would run it anyway, as the last of its modules
        module.register_forward_hook(_hook_for(module))


def _detach(module: nn.Module) -> None:
    for key, hook in list(module._forward_hooks.items()):
        if hook in _HOOKS:
            del module._forward_hooks[key]
    del module._modules[_CHILD]
    delattr(module, _MARK)


def _attached(network: nn.Module) -> dict[str, nn.Module]:
    """The modules that got a block from :func:`recalibrate`, by name."""
    return {name: module for name, module in network.named_modules() if hasattr(module, _MARK)}


def _built_in(network: nn.Module) -> dict[str, nn.Module]:
    """The modules that were built with a block: normalisations, and stages of the networks of this package."""
    found = {}
    for name, module in network.named_modules():
        if isinstance(module, RecalibratedNorm):
            found[name] = module
        elif isinstance(module, EncoderDecoder):
            prefix = f"{name}." if name else ""
            stages = (f"{part}.{i}" for part in ("encoders", "decoders") for i in range(module.depth))
            found |= {prefix + stage: module.get_submodule(stage) for stage in stages}
    return {name: module for name, module in found.items() if not isinstance(module.recal, nn.Identity)}


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
    if hasattr(module, _CHILD):
        raise ValueError(
            f"{site} is a {type(module).__name__} with a {_CHILD!r} of its own, the name of the blocks: choose a "
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
        _attach(module, block.train(module.training), channels)


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

    That is the placement of the paper. Out of the box for MONAI's AttentionUnet, BasicUNet, BasicUNetPlusPlus, DynUNet,
    FlexibleUNet, HighResNet, SegResNet, SegResNetDS, SegResNetDS2, SegResNetVAE, SwinUNETR, UNETR, UNet and VNet, and
    for any other network with ``where``. The numbers of channels are found by running a copy of the network once.

    The blocks are new modules called ``recal`` in the modules that they follow; all other names stay. Weights of the
    network therefore load after as before: ``network.load_state_dict(weights, strict=False)`` misses nothing but the
    keys with ``recal``.

    Reference: A. G. Roy et al., MICCAI 2018, https://arxiv.org/abs/1803.02579.

    Args:
        network: it is changed in place, its weights are not.
        recal: name of the block, or ``(name, {options})``, see :func:`monai_scse.networks.layers.get_recal_layer`; None
            for no block, which with ``replace=True`` takes those of an earlier call away.
        where: the modules after which blocks go: a name, a pattern (``"encoder.stages.*"``; of modules inside each
            other it means the outer ones), a list of both, or a function of name and module that returns whether to.
            None for the encoder and decoder blocks of a known network.
        bottleneck: whether to recalibrate the bottleneck of a known network as well. The paper does not.
        replace: whether to replace the blocks of an earlier call, instead of refusing.
        spatial_dims: 1, 2 or 3, checked against the network if given.
        example_inputs: what the network's forward takes, for networks that cannot be run with one image of 64, 96, 128
            or 224 voxels along each axis: a tensor, a tuple of arguments or a dict of keyword arguments.
        options: of the block, for example ``reduction=4``.

    Returns:
        the same network.

    Raises:
        TypeError: when the network is no module, or is scripted or compiled.
        ValueError: when the network is unknown and ``where`` is None, ``where`` matches nothing or something that does
            not return a feature map, the network has been recalibrated before, or the block does not take the options.
            The network is then as it was before.

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
    if built_in := _built_in(network):
        raise ValueError(
            f"{type(network).__name__} is built with recalibration in {', '.join(built_in)}: build it without, for "
            'example with norm="batch" instead of norm="batch_scse".'
        )
    before = _attached(network)
    if before and not replace:
        raise ValueError(
            f"{type(network).__name__} is recalibrated already, after {', '.join(before)}: give replace=True to "
            "replace these blocks."
        )
    name, its_options = _name_and_options(recal)
    earlier = {site: (module.recal, getattr(module, _MARK)) for site, module in before.items()}
    for module in before.values():
        _detach(module)
    try:
        probe = NetworkProbe(network, example_inputs)
        sites = probe.channels(_sites(network, probe, where, bottleneck), spatial_dims)
        if name is not None:
            _attach_all(network, name, {**its_options, **options}, sites)
    except Exception:
        for module in _attached(network).values():
            _detach(module)
        for site, module in before.items():
            _attach(module, *earlier[site])
        raise
    return network


@dataclass(frozen=True)
class RecalibrationRow:
    """One block in a network.

    Args:
        site: name of the module that the block follows.
        block: class of the block.
        channels: number of channels of the feature map, 0 when the block does not tell.
        parameters: number of parameters of the block.
        share: of all parameters of the network, 0 to 1.
    """

    site: str
    block: str
    channels: int
    parameters: int
    share: float


@dataclass(frozen=True)
class RecalibrationReport:
    """What :func:`recalibrate` has done; printed as a table.

    Args:
        rows: one for each block, in the order of the network.
        parameters: number of parameters of the network, blocks included.
    """

    rows: tuple[RecalibrationRow, ...]
    parameters: int

    @property
    def added(self) -> int:
        """Number of parameters of all blocks."""
        return sum(row.parameters for row in self.rows)

    def __str__(self) -> str:
        width = max([len(row.site) for row in self.rows] + [len("all blocks")])
        lines = [f"{'site':<{width}}  {'block':<28}{'channels':>8}{'parameters':>12}{'share':>8}"]
        for row in self.rows:
            lines.append(f"{row.site:<{width}}  {row.block:<28}{row.channels:>8}{row.parameters:>12,}{row.share:>8.2%}")
        share = self.added / max(self.parameters, 1)
        lines.append(f"{'all blocks':<{width}}  {'':<28}{'':>8}{self.added:>12,}{share:>8.2%}")
        return "\n".join(lines)


def _input_channels(block: nn.Module) -> int:
    sizes = (getattr(module, "in_channels", getattr(module, "in_features", None)) for module in block.modules())
    return next((size for size in sizes if size is not None), 0)


def describe_recalibration(network: nn.Module) -> RecalibrationReport:
    """List the recalibration blocks of a network, with the parameters that they add.

    Also for the networks of this package.

    Example:
        >>> from monai.networks.nets import UNet
        >>> network = UNet(2, 1, 2, channels=(8, 16, 32), strides=(2, 2), num_res_units=2)
        >>> print(describe_recalibration(recalibrate(network)))
        site                 block                       channels  parameters   share
        model.0              SpatialChannelSqueezeExcite        8          72   0.29%
        model.1.submodule.0  SpatialChannelSqueezeExcite       16         272   1.10%
        model.1.submodule.2  SpatialChannelSqueezeExcite        8          72   0.29%
        all blocks                                                        416   1.69%
    """
    every = sum(parameter.numel() for parameter in network.parameters())
    sites = _attached(network) | _built_in(network)
    rows = []
    for site, module in network.named_modules():
        if site in sites:
            own = sum(parameter.numel() for parameter in module.recal.parameters())
            channels = getattr(module, _MARK, _input_channels(module.recal))
            rows.append(RecalibrationRow(site, type(module.recal).__name__, channels, own, own / max(every, 1)))
    return RecalibrationReport(tuple(rows), every)
