"""``Recal``: the factory that turns the names of recalibration blocks into blocks, the twin of MONAI's ``Norm``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from monai.networks.layers.factories import LayerFactory
from torch import nn

from ..blocks import ChannelSqueezeExcite, ProjectExcite, SpatialChannelSqueezeExcite, SpatialSqueezeExcite
from ..blocks.arguments import check_sizes

__all__ = ["Recal", "get_recal_layer"]

_Block = TypeVar("_Block")


class _RecalFactory(LayerFactory):
    """MONAI's layer factory, which replaces a block of the same name. This one refuses the name."""

    def add(self, name: str, desc: str, value: _Block) -> _Block:
        if isinstance(value, type):
            raise TypeError(
                f"recal {name.lower()!r} must be a function of spatial_dims that returns a constructor, got the class "
                f"{value.__name__}: use Recal.add_factory_class for a class that is built with (channels, **options)."
            )
        if name in self.components:
            raise ValueError(
                f"recal {name.lower()!r} is registered already: choose another name, or remove the block that has it "
                f"with `del Recal.components[{name!r}]`."
            )
        return super().add(name, desc, value)


#: The factory that knows blocks by name. ``Recal["scse", 2](64)`` is a block of 64 channels.
Recal = _RecalFactory(name="Recalibration layers", description="Factory for creating squeeze & excitation layers.")


@Recal.factory_function("cse")
def _cse_factory(spatial_dims: int) -> Callable[..., nn.Module]:
    """Spatial squeeze and channel excitation."""
    return partial(ChannelSqueezeExcite, spatial_dims)


@Recal.factory_function("sse")
def _sse_factory(spatial_dims: int) -> Callable[..., nn.Module]:
    """Channel squeeze and spatial excitation."""
    return partial(SpatialSqueezeExcite, spatial_dims)


@Recal.factory_function("scse")
def _scse_factory(spatial_dims: int) -> Callable[..., nn.Module]:
    """Concurrent spatial and channel squeeze & excitation."""
    return partial(SpatialChannelSqueezeExcite, spatial_dims)


@Recal.factory_function("pe")
def _pe_factory(spatial_dims: int) -> Callable[..., nn.Module]:
    """Project & Excite."""
    return partial(ProjectExcite, spatial_dims)


def get_recal_layer(name: tuple[str, dict[str, Any]] | str | None, spatial_dims: int, channels: int) -> nn.Module:
    """Create a recalibration layer.

    Args:
        name: ``"cse"``, ``"sse"``, ``"scse"``, ``"pe"``, any name registered in :data:`Recal`, ``(name, {options})``,
            or None for no recalibration (an identity).
        spatial_dims: number of spatial dimensions of the feature map: 1, 2 or 3.
        channels: number of channels of the feature map.

    Raises:
        ValueError: when the name is not registered.
        TypeError: when it is no name.
        InputError: when there are no such dimensions or channels.

    Example:
        >>> get_recal_layer(("scse", {"merge": "max"}), spatial_dims=2, channels=64).merge
        'max'
    """
    check_sizes(spatial_dims, channels=channels)
    if name is None:
        return nn.Identity()
    is_pair = isinstance(name, (tuple, list)) and len(name) == 2 and isinstance(name[1], dict)
    block: Any = name[0] if is_pair else name
    options: Any = name[1] if is_pair else {}
    if not isinstance(block, str):
        raise TypeError(f"recal must be None, a name or (name, {{options}}), got {name!r}.")
    if block.upper() not in Recal.names:
        known = ", ".join(sorted(key.lower() for key in Recal.names))
        raise ValueError(f"recal must be None or one of {known}, got {block!r}.")
    return Recal[block, spatial_dims](channels, **options)
