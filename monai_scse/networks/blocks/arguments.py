"""Checks of the arguments that blocks and networks share."""

from __future__ import annotations

from typing import Any

from monai.networks.layers.factories import LayerFactory

from ...runtime import InputError
from ...runtime.arguments import check_whole

__all__ = ["check_layer", "check_sizes"]


def check_sizes(spatial_dims: Any, **channels: Any) -> None:
    """Refuse other numbers of dimensions than 1, 2 and 3, and numbers of channels below 1.

    Args:
        spatial_dims: number of spatial dimensions.
        channels: numbers of channels by the names of their arguments.

    Raises:
        InputError: when one of them is no such number.
    """
    if isinstance(spatial_dims, (bool, float)) or spatial_dims not in (1, 2, 3):
        raise InputError(f"spatial_dims must be 1, 2 or 3, got {spatial_dims!r}.")
    for name, value in channels.items():
        check_whole(name, value, 1)


def check_layer(argument: str, factory: LayerFactory, layer: Any) -> None:
    """Refuse what is neither the name of a layer nor its name and options.

    Args:
        argument: name of the argument.
        factory: MONAI's factory of the layers.
        layer: the name, or ``(name, {options})``.

    Raises:
        InputError: when there is no such layer.
    """
    is_pair = isinstance(layer, (tuple, list)) and len(layer) == 2 and isinstance(layer[1], dict)
    name = layer[0] if is_pair else layer
    if not isinstance(name, str) or name.upper() not in factory.names:
        known = ", ".join(sorted(known.lower() for known in factory.names))
        raise InputError(f"{argument} must be one of {known}, or (name, {{options}}), got {layer!r}.")
