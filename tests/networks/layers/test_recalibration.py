"""Names to recalibration blocks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from monai_scse.networks.blocks import (
    ChannelSqueezeExcite,
    ProjectExcite,
    SpatialChannelSqueezeExcite,
    SpatialSqueezeExcite,
)
from monai_scse.networks.layers import Recal, get_recal_layer

BLOCKS = {
    "cse": ChannelSqueezeExcite,
    "sse": SpatialSqueezeExcite,
    "scse": SpatialChannelSqueezeExcite,
    "pe": ProjectExcite,
}
SIZES = {1: (5,), 2: (5, 4), 3: (5, 4, 3)}


class Doubled(nn.Module):
    """A block that a user might register."""

    def __init__(self, channels: int, factor: float = 2.0) -> None:
        super().__init__()
        self.channels, self.factor = channels, factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.factor * x


@pytest.fixture
def user_block() -> Iterator[str]:
    Recal.add_factory_callable("doubled", lambda spatial_dims: Doubled, "Twice the input.")
    yield "doubled"
    del Recal.components["DOUBLED"]


def test_factory_names() -> None:
    assert set(Recal.names) == {"CSE", "SSE", "SCSE", "PE"}


@pytest.mark.parametrize("name", ["cse", "sse", "scse", "pe", "CSE", "scSE"])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_name_gives_the_block_with_its_defaults(spatial_dims: int, name: str) -> None:
    for block in (get_recal_layer(name, spatial_dims, 8), Recal[name, spatial_dims](8)):
        assert type(block) is BLOCKS[name.lower()]
        x = torch.randn(1, 8, *SIZES[spatial_dims])
        assert block(x).shape == x.shape
        assert all("bias" not in key for key in block.state_dict())


def test_none_is_the_identity() -> None:
    assert type(get_recal_layer(None, 2, 8)) is nn.Identity


@pytest.mark.parametrize("sequence", [tuple, list])
def test_options_reach_the_block(sequence: type) -> None:
    block = get_recal_layer(sequence(["scse", {"merge": "max", "reduction": 4, "bias": True}]), 2, 8)
    assert block.merge == "max"
    assert block.cse.squeeze.out_features == 2
    assert block.sse.squeeze.bias is not None


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"recal must be None or one of cse, pe, scse, sse, got 'ssce'"):
        get_recal_layer("ssce", 2, 8)


def test_bad_option_names_itself() -> None:
    with pytest.raises(ValueError, match=r"merge must be one of .*'sum'"):
        get_recal_layer(("scse", {"merge": "sum"}), 2, 8)


def test_user_registered_name(user_block: str) -> None:
    block = get_recal_layer((user_block, {"factor": 3.0}), 2, 8)
    assert isinstance(block, Doubled)
    assert (block.channels, block.factor) == (8, 3.0)
    with pytest.raises(ValueError, match=r"one of cse, doubled, pe, scse, sse"):
        get_recal_layer("unknown", 2, 8)


def test_user_registered_name_is_gone_again() -> None:
    with pytest.raises(ValueError, match="doubled"):
        get_recal_layer("doubled", 2, 8)


@pytest.mark.parametrize("name", ["doubled", "Doubled", "scse"])
def test_registered_name_is_not_replaced_unnoticed(user_block: str, name: str) -> None:
    before = Recal.components[name.upper()]
    with pytest.raises(ValueError, match=rf"recal '{name.lower()}' is registered already: .*del Recal.components\['"):
        Recal.add_factory_callable(name, lambda spatial_dims: nn.Identity)
    assert Recal.components[name.upper()] is before


def test_user_registered_class_takes_channels_and_options() -> None:
    Recal.add_factory_class("tripled", Doubled)
    try:
        assert get_recal_layer(("tripled", {"factor": 3.0}), 2, 8).factor == 3.0
    finally:
        del Recal.components["TRIPLED"]


def test_class_registered_as_a_function_of_spatial_dims() -> None:
    with pytest.raises(TypeError, match=r"recal 'wrong' must be a function .* got the class Doubled: use .*_class"):
        Recal.add_factory_callable("wrong", Doubled)
    assert "WRONG" not in Recal.names
