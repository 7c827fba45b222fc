"""Every recalibration block x every property."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from support.block_references import SHAPES, randomised
from torch import nn

from monai_scse.networks.blocks import (
    MERGE_MODES,
    ChannelSqueezeExcite,
    ProjectExcite,
    SpatialChannelSqueezeExcite,
    SpatialSqueezeExcite,
)

ALL_BLOCKS = [
    ChannelSqueezeExcite,
    SpatialSqueezeExcite,
    *(partial(SpatialChannelSqueezeExcite, merge=merge) for merge in MERGE_MODES),
    ProjectExcite,
]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("block_type", ALL_BLOCKS)
def test_gradients(block_type: type, bias: bool, training: bool) -> None:
    block = randomised(block_type(2, 4, bias=bias)).train(training)
    x = torch.randn(2, 4, 3, 2, dtype=torch.float64, requires_grad=True)
    names = [name for name, _ in block.named_parameters()]

    def call(u: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(block, dict(zip(names, parameters)), (u,))

    assert torch.autograd.gradcheck(call, (x, *block.parameters()))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_zero_weights_halve_the_map_and_scse_is_the_identity(spatial_dims: int, training: bool) -> None:
    u = torch.randn(SHAPES[spatial_dims])
    expected = dict.fromkeys((ChannelSqueezeExcite, SpatialSqueezeExcite, ProjectExcite), u / 2)
    for block_type, value in {**expected, SpatialChannelSqueezeExcite: u}.items():
        block = block_type(spatial_dims, 6).train(training)
        for parameter in block.parameters():
            nn.init.zeros_(parameter)
        assert torch.equal(block(u), value)


@pytest.mark.parametrize("block_type", ALL_BLOCKS)
@pytest.mark.parametrize("spatial_dims", [0, 4, -1])
def test_spatial_dims_out_of_range(block_type: type, spatial_dims: int) -> None:
    with pytest.raises(ValueError, match=rf"spatial_dims must be 1, 2 or 3, got {spatial_dims}"):
        block_type(spatial_dims, 4)


@pytest.mark.parametrize("block_type", ALL_BLOCKS)
@pytest.mark.parametrize("in_channels", [0, -4])
def test_in_channels_out_of_range(block_type: type, in_channels: int) -> None:
    with pytest.raises(ValueError, match=rf"in_channels must be a whole number of at least 1, got {in_channels}"):
        block_type(2, in_channels)


@pytest.mark.parametrize("block_type", [ChannelSqueezeExcite, SpatialChannelSqueezeExcite, ProjectExcite])
@pytest.mark.parametrize("reduction", [0, -1, 5])
def test_reduction_out_of_range(block_type: type, reduction: int) -> None:
    with pytest.raises(ValueError, match=rf"reduction must be between 1 and in_channels=4, got {reduction}"):
        block_type(2, 4, reduction=reduction)


@pytest.mark.parametrize("block_type", ALL_BLOCKS)
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_script_save_and_reload(spatial_dims: int, block_type: type, scripted) -> None:
    block = block_type(spatial_dims, 6)
    reloaded = scripted(block)
    x = torch.randn(SHAPES[spatial_dims])
    for training in (True, False):
        assert torch.equal(reloaded.train(training)(x), block.train(training)(x))


def saved_bytes(block: nn.Module, x: torch.Tensor) -> int:
    """What autograd keeps for the backward pass, parameters left out, every storage counted once."""
    ours = {parameter.untyped_storage().data_ptr() for parameter in block.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in ours:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = block(x)
    assert result.requires_grad  # and keeps the graph alive: no storage was freed and its address used again
    return sum(kept.values())


def test_scse_keeps_little_more_than_its_input_for_the_backward_pass() -> None:
    x = torch.randn(2, 64, 32, 32, requires_grad=True)
    block = SpatialChannelSqueezeExcite(2, 64)
    size = x.untyped_storage().nbytes()
    assert size <= saved_bytes(block.train(), x) <= 1.1 * size
    # the measure itself shows it: merge="max" keeps both branches
    assert saved_bytes(SpatialChannelSqueezeExcite(2, 64, merge="max"), x) > 2 * size


@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_pe_keeps_its_input_its_gates_and_half_as_much_for_the_backward_pass(spatial_dims: int) -> None:
    # the half is the hidden map of C / 2 channels. With Z in full size it would be 3.5 times the input
    x = torch.randn(1, 32, *[24] * spatial_dims, requires_grad=True)
    size = x.untyped_storage().nbytes()
    assert 2.5 * size <= saved_bytes(ProjectExcite(spatial_dims, 32), x) <= 2.7 * size


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("block_type", ALL_BLOCKS)
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_backward_in_deterministic_mode(spatial_dims: int, block_type: type) -> None:
    block = block_type(spatial_dims, 6)
    x = torch.randn(SHAPES[spatial_dims], requires_grad=True)
    block(x).sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(parameter.grad is not None for parameter in block.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("block_type", ALL_BLOCKS)
def test_bfloat16_autocast_keeps_the_data_type(block_type: type, training: bool, dtype: torch.dtype) -> None:
    block = block_type(2, 8).train(training)
    x = torch.randn(2, 8, 5, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = block(x.to(dtype))
    assert y.dtype == dtype
    torch.testing.assert_close(y.float(), block(x), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("block_type", ALL_BLOCKS)
@pytest.mark.parametrize(
    ("shape", "layout"), [((2, 8, 5, 4), torch.channels_last), ((2, 8, 5, 4, 3), torch.channels_last_3d)]
)
def test_channels_last_is_preserved(
    shape: tuple, layout: torch.memory_format, block_type: type, training: bool
) -> None:
    block = block_type(len(shape) - 2, 8).train(training)
    x = torch.randn(shape)
    y = block.to(memory_format=layout)(x.to(memory_format=layout))
    assert y.is_contiguous(memory_format=layout)
    assert not y.is_contiguous()
    torch.testing.assert_close(y, block(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("block_type", ALL_BLOCKS)
def test_input_is_left_alone(block_type: type) -> None:
    x = torch.randn(1, 4, 3, 3)
    before = x.clone()
    block_type(2, 4)(x)
    assert torch.equal(x, before)
