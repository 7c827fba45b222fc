"""Blocks that recalibrate the outputs of modules: attached to a module, taken away again, and found in a network."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable

import torch
from torch import nn

from .layers import RecalibratedNorm
from .nets import EncoderDecoder

__all__ = ["CHILD", "MARK", "attach", "attached", "built_in", "detach"]

#: Name of the block in its module.
CHILD = "recal"
#: Marks a module with an attached block, and holds the channels of its output. The name of a child alone is no proof.
MARK = "_monai_scse_channels"


# one hook for each kind of module: TorchScript compiles hooks, with their inputs typed as in the forward of the module
def _recalibrate_one(self, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return self.recal(output)


def _recalibrate_two(self, inputs: tuple[torch.Tensor, torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return self.recal(output)


def _recalibrate_skip(self, inputs: tuple[torch.Tensor, torch.Tensor | None], output: torch.Tensor) -> torch.Tensor:
    return self.recal(output)


_HOOKS = (_recalibrate_one, _recalibrate_two, _recalibrate_skip)


def _hook_for(module: nn.Module) -> Callable[..., torch.Tensor]:
    """The hook whose types are those of the forward of a module."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    if len(parameters) < 2:
        return _recalibrate_one
    try:
        annotation = typing.get_type_hints(module.forward).get(parameters[1].name)
    except (NameError, TypeError):
        annotation = None
    return _recalibrate_skip if type(None) in typing.get_args(annotation) else _recalibrate_two


def attach(module: nn.Module, block: nn.Module, channels: int) -> None:
    """Let a block recalibrate the output of a module. It becomes a child, so that the names of all others stay.

    Args:
        module: it is changed in place.
        block: takes and returns (batch, channels, *spatial).
        channels: of the output of the module.
    """
    module.add_module(CHILD, block)
    setattr(module, MARK, channels)
    if not isinstance(module, nn.Sequential):  # which would run it anyway, as the last of its modules
        module.register_forward_hook(_hook_for(module))


def detach(module: nn.Module) -> None:
    """Take the block of :func:`attach` away."""
    for key, hook in list(module._forward_hooks.items()):
        if hook in _HOOKS:
            del module._forward_hooks[key]
    del module._modules[CHILD]
    delattr(module, MARK)


def attached(network: nn.Module) -> dict[str, nn.Module]:
    """The modules that got a block from :func:`attach`, by name."""
    return {name: module for name, module in network.named_modules() if hasattr(module, MARK)}


def built_in(network: nn.Module) -> dict[str, nn.Module]:
    """The modules that were built with a block: normalisations, and stages of the networks of this package."""
    found: dict[str, nn.Module] = {}
    for name, module in network.named_modules():
        if isinstance(module, RecalibratedNorm):
            found[name] = module
        elif isinstance(module, EncoderDecoder):
            prefix = f"{name}." if name else ""
            stages = (f"{part}.{i}" for part in ("encoders", "decoders") for i in range(module.depth))
            found |= {prefix + stage: module.get_submodule(stage) for stage in stages}
    return {name: module for name, module in found.items() if not isinstance(module.get_submodule(CHILD), nn.Identity)}
