"""Weights of the layers that the authors released, loaded into the blocks of this package.

The layers are those of https://github.com/ai-med/squeeze_and_excitation. They differ from the 2018 paper in two ways:
every layer has a bias, and scSE takes the maximum of its two branches. The blocks of this package have both as options.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from ...runtime.arguments import check_text
from .project_excite import ProjectExcite
from .squeeze_excitation import ChannelSqueezeExcite, SpatialChannelSqueezeExcite, SpatialSqueezeExcite

__all__ = ["load_ai_med_state_dict"]

# block: the released layer without its suffix "3D", and its sublayers by the names they have here
_LAYERS: dict[type[nn.Module], tuple[str, dict[str, str]]] = {
    ChannelSqueezeExcite: ("ChannelSELayer", {"fc1": "squeeze", "fc2": "excite"}),
    SpatialSqueezeExcite: ("SpatialSELayer", {"conv": "squeeze"}),
    SpatialChannelSqueezeExcite: (
        "ChannelSpatialSELayer",
        {"cSE.fc1": "cse.squeeze", "cSE.fc2": "cse.excite", "sSE.conv": "sse.squeeze"},
    ),
    ProjectExcite: ("ProjectExciteLayer", {"conv_c": "squeeze", "conv_cT": "excite"}),
}


def load_ai_med_state_dict(block: nn.Module, state_dict: Mapping[str, torch.Tensor], prefix: str = "") -> None:
    """Load the weights of a layer that the authors released into the block of the same kind, for the same output.

    Reference: https://github.com/ai-med/squeeze_and_excitation, the classes ``ChannelSELayer``, ``SpatialSELayer`` and
    ``ChannelSpatialSELayer``, their twins for volumes (``ChannelSELayer3D`` and so on), and ``ProjectExciteLayer``.

    Args:
        block: a :class:`ChannelSqueezeExcite`, :class:`SpatialSqueezeExcite`, :class:`SpatialChannelSqueezeExcite` or
            :class:`ProjectExcite` built with ``bias=True``, scSE also with ``merge="max"``.
        state_dict: weights by the names of the released layer, for example ``"cSE.fc1.weight"``.
        prefix: the layer's place in a whole network. Only keys that start with it are used, without it.

    Raises:
        TypeError: when there is no released layer of this kind.
        ValueError: when the block is built without bias or with another merge, or when a key or shape does not fit.

    Example:
        >>> import torch
        >>> released = {"encode1.conv.weight": torch.ones(1, 8, 1, 1), "encode1.conv.bias": torch.tensor([-4.0])}
        >>> block = SpatialSqueezeExcite(spatial_dims=2, in_channels=8, bias=True)
        >>> load_ai_med_state_dict(block, released, prefix="encode1.")
        >>> block(torch.full((1, 8, 1, 1), 0.5)).flatten()[0]  # sigmoid(8 * 0.5 - 4) * 0.5
        tensor(0.2500, grad_fn=<SelectBackward0>)
    """
    check_text("prefix", prefix)
    kinds = [kind for kind in _LAYERS if isinstance(block, kind)]
    if not kinds:
        known = ", ".join(kind.__name__ for kind in _LAYERS)
        raise TypeError(f"block must be one of {known}, got {type(block).__name__}.")
    layer, sublayers = _LAYERS[kinds[0]]
    own = block.state_dict()
    if not all(f"{ours}.bias" in own for ours in sublayers.values()):
        raise ValueError(f"block must be built with bias=True: every layer of the released {layer} has a bias.")
    if getattr(block, "merge", "max") != "max":
        raise ValueError(f"block must be built with merge='max' as the released {layer}, got merge={block.merge!r}.")

    names = {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in sublayers.items() for kind in ("weight", "bias")}
    given = {key.removeprefix(prefix): value for key, value in state_dict.items() if key.startswith(prefix)}
    unknown, missing = sorted(given.keys() - names.keys()), sorted(names.keys() - given.keys())
    if unknown or missing:
        raise ValueError(
            f"state_dict must hold {', '.join(names)} under prefix={prefix!r}, the weights of one {layer}; "
            f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}."
        )
    for theirs, ours in names.items():
        if given[theirs].shape != own[ours].shape:
            raise ValueError(
                f"state_dict has {prefix}{theirs} of shape {tuple(given[theirs].shape)}, the block needs "
                f"{tuple(own[ours].shape)}: build it with the layer's in_channels, reduction and spatial_dims."
            )
    block.load_state_dict({ours: given[theirs] for theirs, ours in names.items()})
