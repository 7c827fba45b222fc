"""What a network looks like from inside: the shapes of the outputs of its modules, found by running it once."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from monai.networks.nets import UNETR
from torch import nn

__all__ = ["output_shapes"]

# enough for networks that halve their input five times and have windows; 64 first, since it is the cheapest
_SIZES = (64, 96, 128, 224)


def _input_shapes(network: nn.Module) -> list[tuple[int, ...]]:
    """Shapes (batch, channels, *spatial) that the network may accept, from its first convolution."""
    for module in network.modules():
        if isinstance(module, nn.modules.conv._ConvNd):
            dims = len(module.kernel_size)
            if isinstance(network, UNETR):
                sizes = [tuple(part * feat for part, feat in zip(network.patch_size, network.feat_size))]
            else:
                sizes = [(size,) * dims for size in _SIZES]
            return [(1, module.in_channels, *size) for size in sizes]
    return []


def output_shapes(
    network: nn.Module, names: Iterable[str] | None = None, input_shape: Sequence[int] | None = None
) -> tuple[dict[str, Any], Exception | None]:
    """Run a network once and note the shapes of the outputs of its modules; the network itself is left as it is.

    The run needs no memory and no time for numbers: it is on PyTorch's meta device, or on the CPU for networks that
    cannot run there.

    Args:
        network: a network of one input.
        names: of the modules; None for all of them.
        input_shape: (batch, channels, *spatial) of the input; None tries some, guided by the first convolution.

    Returns:
        the shape of the output of each module that was run, or None when it is no tensor; and, when the network could
        not be run, the error of the last try.
    """
    shapes: dict[str, Any] = {}
    error: Exception | None = ValueError("it has no convolution to tell the number of channels from")
    candidates = [tuple(input_shape)] if input_shape is not None else _input_shapes(network)
    wanted = None if names is None else set(names)
    for device in ("meta", "cpu"):
        twin = copy.deepcopy(network).eval().to(device)
        for name, module in twin.named_modules():
            if wanted is None or name in wanted:
                module.register_forward_hook(_note(shapes, name))
        dtype = next((parameter.dtype for parameter in twin.parameters()), torch.float32)
        for shape in candidates:
            shapes.clear()
            try:
                with torch.no_grad():
                    twin(torch.zeros(shape, dtype=dtype, device=device))
            except Exception as failure:  # whatever a network does with an input that it cannot take
                error = failure
            else:
                return shapes, None
    return shapes, error


def _note(shapes: dict[str, Any], name: str) -> Any:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        shapes[name] = tuple(output.shape) if isinstance(output, torch.Tensor) else None

    return hook
