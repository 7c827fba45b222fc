"""Recalibrated norms in MONAI's own factory and networks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from monai.networks.layers.factories import Norm
from monai.networks.layers.utils import get_norm_layer
from monai.networks.nets import BasicUNet, UNet
from torch import nn

from monai_scse.networks.blocks import (
    ChannelSqueezeExcite,
    ProjectExcite,
    SpatialChannelSqueezeExcite,
    SpatialSqueezeExcite,
)
from monai_scse.networks.layers import Recal, RecalibratedNorm, register_recalibrated_norms

BLOCKS = {
    "cse": ChannelSqueezeExcite,
    "sse": SpatialSqueezeExcite,
    "scse": SpatialChannelSqueezeExcite,
    "pe": ProjectExcite,
}
NORMS = {
    "batch": {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d},
    "instance": {1: nn.InstanceNorm1d, 2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d},
}
SIZES = {1: (9,), 2: (7, 6), 3: (5, 4, 3)}


@pytest.fixture
def norms_restored() -> Iterator[None]:
    before = dict(Norm.components)
    yield
    Norm.components.clear()
    Norm.components.update(before)


@pytest.mark.parametrize("recal", BLOCKS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_registered_norm_is_norm_then_recalibration(spatial_dims: int, norm: str, recal: str) -> None:
    layer = get_norm_layer(f"{norm}_{recal}", spatial_dims, 8)
    assert isinstance(layer, RecalibratedNorm)
    assert type(layer.norm) is NORMS[norm][spatial_dims]
    assert type(layer.recal) is BLOCKS[recal]
    x = 3 + torch.randn(2, 8, *SIZES[spatial_dims])
    torch.testing.assert_close(layer(x), layer.recal(NORMS[norm][spatial_dims](8)(x)))


def test_options_of_norm_and_block() -> None:
    options = {"norm_options": {"affine": True}, "reduction": 4, "merge": "max"}
    layer = get_norm_layer(("instance_scse", options), 2, 8)
    assert layer.norm.weight.shape == (8,)
    assert layer.recal.cse.squeeze.out_features == 2
    assert layer.recal.merge == "max"


@pytest.mark.usefixtures("norms_restored")
def test_registering_again_changes_nothing() -> None:
    names, components, documentation = list(Norm.names), dict(Norm.components), Norm.__doc__
    register_recalibrated_norms()
    assert list(Norm.names) == names
    assert dict(Norm.components) == components
    assert Norm.__doc__ == documentation


@pytest.mark.usefixtures("norms_restored")
def test_existing_name_is_never_overwritten() -> None:
    del Norm.components["BATCH_SCSE"]
    Norm.add_factory_callable("batch_scse", lambda spatial_dims: nn.Identity, "Somebody else's.")
    register_recalibrated_norms()
    assert Norm["batch_scse", 2] is nn.Identity


@pytest.mark.usefixtures("norms_restored")
def test_missing_name_is_added_again() -> None:
    del Norm.components["INSTANCE_CSE"]
    register_recalibrated_norms()
    assert isinstance(Norm["instance_cse", 2](8), RecalibratedNorm)


@pytest.mark.usefixtures("norms_restored")
def test_user_registered_block_gets_its_norms_when_asked_for() -> None:
    Recal.add_factory_class("same", lambda channels: nn.Identity())
    try:
        assert "BATCH_SAME" not in Norm.names
        register_recalibrated_norms()
        layer = Norm["batch_same", 2](8)
    finally:
        del Recal.components["SAME"]
    assert type(layer.recal) is nn.Identity


NETWORKS = [
    [UNet, {"channels": (4, 8, 16), "strides": (2, 2), "num_res_units": 2, "out_channels": 4}],
    [BasicUNet, {"features": (4, 4, 8, 8, 16, 4), "out_channels": 4}],
]


@pytest.mark.parametrize(
    "norm", ["batch_scse", ("instance_scse", {"reduction": 4}), "batch_cse", "instance_sse", "batch_pe"]
)
@pytest.mark.parametrize(("network_type", "options"), NETWORKS)
@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_stock_networks(spatial_dims: int, network_type: type, options: dict, norm: tuple | str) -> None:
    network = network_type(spatial_dims=spatial_dims, in_channels=1, norm=norm, **options)
    wanted = BLOCKS[(norm if isinstance(norm, str) else norm[0]).partition("_")[2]]
    blocks = [module for module in network.modules() if isinstance(module, RecalibratedNorm)]
    assert len(blocks) >= 5
    assert all(type(block.recal) is wanted for block in blocks)
    x = torch.randn(2, 1, *[32] * spatial_dims)
    y = network(x)
    assert y.shape == (2, 4, *x.shape[2:])
    y.sum().backward()
    assert all(p.grad is not None for block in blocks for p in block.recal.parameters())
