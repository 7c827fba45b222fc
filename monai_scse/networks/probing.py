"""The shapes of the outputs of the modules of a network, found by running it once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from .recalibration_sites import input_size

__all__ = ["ExampleInputs", "NetworkProbe", "Where", "output_shapes"]

ExampleInputs = torch.Tensor | tuple[Any, ...] | Mapping[str, Any]
Where = str | Sequence[str] | Callable[[str, nn.Module], bool]

# enough for networks that halve their input five times and have windows, the cheapest first
_SIZES = (64, 96, 128, 224)


def _input_shapes(network: nn.Module) -> list[tuple[int, ...]]:
    """Shapes (batch, channels, *spatial) that the network may accept, from its first convolution."""
    for module in network.modules():
        if isinstance(module, nn.modules.conv._ConvNd):
            dims = len(module.kernel_size)
            only = input_size(network)
            sizes = [(size,) * dims for size in _SIZES] if only is None else [only]
            return [(1, module.in_channels, *size) for size in sizes]
    return []


def _arguments(inputs: ExampleInputs, device: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    inputs = tree_map(lambda value: value.to(device) if isinstance(value, torch.Tensor) else value, inputs)
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    return ((inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)), {}


def output_shapes(
    network: nn.Module, inputs: ExampleInputs | None = None
) -> tuple[dict[str, tuple[int, ...] | None], Exception | None]:
    """Run a copy of a network once and note the shapes of the outputs of its modules.

    The run takes hardly any time on PyTorch's meta device. Networks that cannot run there run on the CPU.

    Args:
        network: it is left as it is.
        inputs: what its forward takes: one tensor, a tuple of arguments or a dict of keyword arguments. None tries some
            images, guided by the first convolution.

    Returns:
        the shape of the output of each module that was run, or None when it is no tensor. A second value is the first
        error on the CPU when the network could not be run, else None.
    """
    shapes: dict[str, tuple[int, ...] | None] = {}
    error: Exception | None = None
    for device in ("meta", "cpu"):
        error = None
        try:
            twin = copy.deepcopy(network).eval().to(device)
        except Exception as failure:  # some old weight normalisations cannot be copied
            return {}, failure
        for name, module in twin.named_modules():
            module.register_forward_hook(_note(shapes, name))
        dtype = next((parameter.dtype for parameter in twin.parameters()), torch.float32)
        images = (torch.zeros(shape, dtype=dtype, device=device) for shape in _input_shapes(network))
        for example in images if inputs is None else [inputs]:
            shapes.clear()
            try:
                arguments, keywords = _arguments(example, device)
                with torch.no_grad():
                    twin(*arguments, **keywords)
            except Exception as failure:  # whatever a network does with an input that it cannot take
                error = error or failure
            else:
                return shapes, None
    return {}, error or ValueError("it has no convolution that gives the number of channels")


def _note(shapes: dict[str, tuple[int, ...] | None], name: str) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        shapes[name] = tuple(output.shape) if isinstance(output, torch.Tensor) else None

    return hook


class NetworkProbe:
    """One run of a network, and the modules that a user may mean by a name or pattern.

    Args:
        network: it is left as it is.
        inputs: as in :func:`output_shapes`.
    """

    def __init__(self, network: nn.Module, inputs: ExampleInputs | None) -> None:
        self.network = network
        self.name = type(network).__name__
        self.shapes, self.error = output_shapes(network, inputs)

    def candidates(self) -> str:
        """The modules that could be meant: those with a feature map, and of these the ones that hold others, if any."""
        modules = {name: module for name, module in self.network.named_modules() if name}
        if self.error is None:
            axes = max((len(shape) for shape in self.shapes.values() if shape is not None), default=0)
            modules = {name: modules[name] for name in modules if len(self.shapes.get(name) or ()) == axes}
        holding = [name for name, module in modules.items() if len(list(module.children())) > 0]
        names = []
        for name in holding or modules:
            shape = self.shapes.get(name)
            names.append(name if self.error is not None or shape is None else f"{name} ({shape[1]} channels)")
        shown = ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
        return f" Candidates: {shown or 'none'}."

    def matching(self, where: Where) -> list[str]:
        """Names of the modules that ``where`` means, in the order of the network.

        Raises:
            TypeError: when ``where`` is none of the kinds.
            ValueError: when it, or one of its patterns, matches nothing.
        """
        modules = {name: module for name, module in self.network.named_modules() if name}
        if callable(where):
            found = [name for name, module in modules.items() if where(name, module)]
            if not found:
                raise ValueError(f"where matches no module of {self.name}.{self.candidates()}")
            return found
        patterns = list(where) if isinstance(where, Iterable) and not isinstance(where, str) else [where]
        if not all(isinstance(pattern, str) for pattern in patterns):
            raise TypeError(f"where must be a name, a pattern, a list of these or a function, got {where!r}.")
        named: set[str] = set()
        for pattern in patterns:
            matches = [name for name in modules if fnmatchcase(name, pattern)]
            if not matches:
                raise ValueError(f"where: {pattern!r} matches no module of {self.name}.{self.candidates()}")
            named.update(self._outermost(matches))
        if not named:
            raise ValueError(f"where names no module of {self.name}.{self.candidates()}")
        return [name for name in modules if name in named]

    def _outermost(self, matches: list[str]) -> list[str]:
        """Of the modules that one pattern matches: those that are run, and of these none that is inside another."""
        run = [name for name in matches if name in self.shapes]
        outermost = [name for name in run if not any(name.startswith(f"{other}.") for other in run)]
        return outermost or matches  # a single name that is not run: said later

    def channels(self, sites: Iterable[str], spatial_dims: int | None) -> dict[str, tuple[int, int]]:
        """Channels and number of spatial dimensions of the output of every site.

        Raises:
            ValueError: when the network cannot be run, or a site does not return a feature map of ``spatial_dims``.
        """
        if self.error is not None:
            raise ValueError(
                f"{self.name} could not be run to find the channels of its blocks ({type(self.error).__name__}: "
                f"{self.error}): give what its forward takes as example_inputs, one tensor, a tuple or a dict."
            ) from self.error
        found = {}
        for site in sites:
            if site not in self.shapes:
                raise ValueError(f"{site} is not run when {self.name} is: choose another module in where.")
            shape = self.shapes[site]
            if shape is None or not 3 <= len(shape) <= 5:
                got = "no single tensor" if shape is None else f"a tensor of shape {shape}"
                raise ValueError(
                    f"{site} must return a feature map (batch, channels, *spatial), got {got}: choose another module "
                    "in where."
                )
            dims = len(shape) - 2
            if spatial_dims is not None and dims != spatial_dims:
                raise ValueError(
                    f"spatial_dims={spatial_dims} does not match {site}, whose output has {dims} spatial dimensions."
                )
            found[site] = (shape[1], dims)
        return found
