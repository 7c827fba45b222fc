"""Weights of the released layers, and the formula of these layers written down from their description."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from monai_scse.networks.blocks import (
    ChannelSqueezeExcite,
    ProjectExcite,
    SpatialChannelSqueezeExcite,
    SpatialSqueezeExcite,
    load_ai_med_state_dict,
)

SIZES = {1: (7,), 2: (5, 4), 3: (3, 4, 5)}
State = dict[str, torch.Tensor]


def released_cse(state: State, u: torch.Tensor) -> torch.Tensor:
    z = u.flatten(2).mean(2)
    hidden = torch.relu(z @ state["fc1.weight"].T + state["fc1.bias"])
    gate = torch.sigmoid(hidden @ state["fc2.weight"].T + state["fc2.bias"])
    return u * gate.reshape(*gate.shape, *[1] * (u.ndim - 2))


def released_sse(state: State, u: torch.Tensor) -> torch.Tensor:
    gate = torch.einsum("c,nc...->n...", state["conv.weight"].flatten(), u) + state["conv.bias"]
    return u * torch.sigmoid(gate)[:, None]


def part(state: State, name: str) -> State:
    return {key.removeprefix(name): value for key, value in state.items() if key.startswith(name)}


def released_scse(state: State, u: torch.Tensor) -> torch.Tensor:
    return torch.maximum(released_cse(part(state, "cSE."), u), released_sse(part(state, "sSE."), u))


def released_pe(state: State, u: torch.Tensor) -> torch.Tensor:
    axes = set(range(2, u.ndim))
    z = sum(u.mean(sorted(axes - {axis}), keepdim=True) for axis in axes)
    v1, v2 = (state[f"{name}.weight"].flatten(1) for name in ("conv_c", "conv_cT"))
    b1, b2 = (state[f"{name}.bias"].reshape(-1, *[1] * (u.ndim - 2)) for name in ("conv_c", "conv_cT"))
    hidden = torch.relu(torch.einsum("kc,nc...->nk...", v1, z) + b1)
    return u * torch.sigmoid(torch.einsum("ck,nk...->nc...", v2, hidden) + b2)


def released_state(kind: str, spatial_dims: int, channels: int = 6, reduction: int = 2) -> State:
    """Random weights under the names and with the shapes of the released layers."""
    small, ones = channels // reduction, [1] * spatial_dims
    cse = {
        "fc1.weight": (small, channels),
        "fc1.bias": (small,),
        "fc2.weight": (channels, small),
        "fc2.bias": (channels,),
    }
    sse = {"conv.weight": (1, channels, *ones), "conv.bias": (1,)}
    shapes = {
        "cse": cse,
        "sse": sse,
        "scse": {f"cSE.{key}": shape for key, shape in cse.items()}
        | {f"sSE.{key}": shape for key, shape in sse.items()},
        "pe": {
            "conv_c.weight": (small, channels, *ones),
            "conv_c.bias": (small,),
            "conv_cT.weight": (channels, small, *ones),
            "conv_cT.bias": (channels,),
        },
    }
    return {key: torch.randn(shape, dtype=torch.float64) for key, shape in shapes[kind].items()}


def block_of(kind: str, spatial_dims: int, channels: int = 6, **options) -> nn.Module:
    options = {"bias": True, **({"merge": "max"} if kind == "scse" else {}), **options}
    types = {
        "cse": ChannelSqueezeExcite,
        "sse": SpatialSqueezeExcite,
        "scse": SpatialChannelSqueezeExcite,
        "pe": ProjectExcite,
    }
    return types[kind](spatial_dims, channels, **options).double()


FORMULAS = {"cse": released_cse, "sse": released_sse, "scse": released_scse, "pe": released_pe}
DIMENSIONS = [(kind, spatial_dims) for kind in FORMULAS for spatial_dims in ((3,) if kind == "pe" else (2, 3))]


@pytest.mark.parametrize("prefix", ["", "encode1.SELayer."])
@pytest.mark.parametrize(("kind", "spatial_dims"), DIMENSIONS)
def test_same_output_as_the_released_formula(kind: str, spatial_dims: int, prefix: str) -> None:
    state = released_state(kind, spatial_dims)
    block = block_of(kind, spatial_dims)
    u = torch.randn(2, 6, *SIZES[spatial_dims], dtype=torch.float64)
    formula: Callable[[State, torch.Tensor], torch.Tensor] = FORMULAS[kind]
    assert not torch.allclose(block(u), formula(state, u), atol=0.01)
    elsewhere = {"decode1.SELayer.conv.weight": torch.zeros(1)} if prefix else {}
    load_ai_med_state_dict(block, elsewhere | {prefix + key: value for key, value in state.items()}, prefix)
    torch.testing.assert_close(block(u), formula(state, u), rtol=1e-12, atol=1e-12)


def test_other_reduction() -> None:
    state = released_state("scse", 3, channels=12, reduction=4)
    block = block_of("scse", 3, channels=12, reduction=4)
    load_ai_med_state_dict(block, state)
    u = torch.randn(1, 12, *SIZES[3], dtype=torch.float64)
    torch.testing.assert_close(block(u), released_scse(state, u), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", FORMULAS)
def test_block_without_bias(kind: str) -> None:
    with pytest.raises(ValueError, match=r"block must be built with bias=True: .* released \w+Layer has a bias"):
        load_ai_med_state_dict(block_of(kind, 3, bias=False), released_state(kind, 3))


@pytest.mark.parametrize("merge", ["add", "mul"])
def test_block_with_another_merge(merge: str) -> None:
    with pytest.raises(ValueError, match=rf"built with merge='max' as the released .*, got merge='{merge}'"):
        load_ai_med_state_dict(block_of("scse", 2, merge=merge), released_state("scse", 2))


@pytest.mark.parametrize("kind", FORMULAS)
def test_unknown_and_missing_keys_are_named_and_nothing_is_loaded(kind: str) -> None:
    state, block = released_state(kind, 3), block_of(kind, 3)
    before = {key: value.clone() for key, value in block.state_dict().items()}
    gone = next(iter(state))
    state["conv1.weight"] = state.pop(gone)
    with pytest.raises(ValueError, match=rf"missing: {gone}; unknown: conv1\.weight"):
        load_ai_med_state_dict(block, state)
    assert all(torch.equal(value, before[key]) for key, value in block.state_dict().items())


def test_prefix_that_matches_nothing() -> None:
    with pytest.raises(ValueError, match=r"prefix='se\.'.*missing: conv\.bias, conv\.weight; unknown: none"):
        load_ai_med_state_dict(block_of("sse", 2), released_state("sse", 2), prefix="se.")


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("cse", {"reduction": 3}, r"fc1\.weight of shape \(3, 6\), the block needs \(2, 6\)"),
        ("sse", {"spatial_dims": 3}, r"conv\.weight of shape \(1, 6, 1, 1\), the block needs \(1, 6, 1, 1, 1\)"),
        ("scse", {"channels": 8}, r"cSE\.fc1\.weight of shape \(3, 6\), the block needs \(4, 8\)"),
    ],
)
def test_wrong_shape_names_both(kind: str, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message + ": build it with the layer's in_channels, reduction and"):
        load_ai_med_state_dict(block_of(kind, **{"spatial_dims": 2, **options}), released_state(kind, 2))


def test_no_released_layer_of_this_kind() -> None:
    with pytest.raises(TypeError, match=r"block must be one of ChannelSqueezeExcite, .*, got Conv2d"):
        load_ai_med_state_dict(nn.Conv2d(1, 1, 1), {})
