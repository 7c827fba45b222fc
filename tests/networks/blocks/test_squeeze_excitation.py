"""The three blocks against the paper's equations in plain numpy."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from monai_scse.networks.blocks import (
    MERGE_MODES,
    ChannelSqueezeExcite,
    SpatialChannelSqueezeExcite,
    SpatialSqueezeExcite,
)

SHAPES = {1: (2, 6, 7), 2: (2, 6, 5, 4), 3: (2, 6, 3, 4, 5)}
ALL_BLOCKS = [
    ChannelSqueezeExcite,
    SpatialSqueezeExcite,
    *(partial(SpatialChannelSqueezeExcite, merge=merge) for merge in MERGE_MODES),
]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def numpy_of(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """Weight as a matrix (outputs, inputs), and bias, zero when the layer has none."""
    weight = layer.weight.detach().numpy().reshape(layer.weight.shape[0], -1)
    return weight, np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy()


def numpy_cse(block: ChannelSqueezeExcite, u: np.ndarray) -> np.ndarray:
    (w2, b2), (w1, b1) = numpy_of(block.squeeze), numpy_of(block.excite)
    out = np.empty_like(u)
    for n in range(u.shape[0]):
        z = np.array([u[n, k].sum() / u[n, k].size for k in range(u.shape[1])])  # equation (1)
        z_hat = w1 @ np.maximum(w2 @ z + b2, 0) + b1
        for k in range(u.shape[1]):
            out[n, k] = sigmoid(z_hat[k]) * u[n, k]  # equation (2)
    return out


def numpy_sse(block: SpatialSqueezeExcite, u: np.ndarray) -> np.ndarray:
    w, b = numpy_of(block.squeeze)
    out = np.empty_like(u)
    for n in range(u.shape[0]):
        for position in np.ndindex(u.shape[2:]):
            here = (n, slice(None), *position)
            out[here] = sigmoid(w[0] @ u[here] + b[0]) * u[here]  # equation (3)
    return out


def randomised(block: nn.Module) -> nn.Module:
    """In float64, with weights large enough to drive the gates far from 1/2."""
    for parameter in block.double().parameters():
        nn.init.normal_(parameter, std=1.5)
    return block


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("reduction", [1, 2, 4, 6])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_cse_equals_equations_1_and_2(spatial_dims: int, reduction: int, bias: bool) -> None:
    block = randomised(ChannelSqueezeExcite(spatial_dims, 6, reduction, bias))
    u = torch.randn(SHAPES[spatial_dims], dtype=torch.float64)
    assert block.squeeze.out_features == 6 // reduction
    np.testing.assert_allclose(block(u).detach().numpy(), numpy_cse(block, u.numpy()), rtol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_sse_equals_equation_3(spatial_dims: int, bias: bool) -> None:
    block = randomised(SpatialSqueezeExcite(spatial_dims, 6, bias))
    u = torch.randn(SHAPES[spatial_dims], dtype=torch.float64)
    np.testing.assert_allclose(block(u).detach().numpy(), numpy_sse(block, u.numpy()), rtol=1e-12)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("merge", "combine"), [("add", np.add), ("max", np.maximum), ("mul", np.multiply)])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_scse_combines_cse_and_sse(
    spatial_dims: int, merge: str, combine: np.ufunc, bias: bool, training: bool
) -> None:
    block = randomised(SpatialChannelSqueezeExcite(spatial_dims, 6, 3, bias, merge)).train(training)
    u = torch.randn(SHAPES[spatial_dims], dtype=torch.float64)
    expected = combine(numpy_cse(block.cse, u.numpy()), numpy_sse(block.sse, u.numpy()))
    np.testing.assert_allclose(block(u).detach().numpy(), expected, rtol=1e-12)


def test_scse_adds_by_default() -> None:
    assert SpatialChannelSqueezeExcite(2, 4).merge == "add"
    assert MERGE_MODES == ("add", "max", "mul")


@pytest.mark.parametrize("merge", MERGE_MODES)
def test_scse_train_and_eval_agree(merge: str) -> None:
    block = SpatialChannelSqueezeExcite(2, 16, merge=merge)
    x = torch.randn(2, 16, 9, 7)
    torch.testing.assert_close(block.train()(x), block.eval()(x), rtol=1e-6, atol=1e-6)


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
    expected = {ChannelSqueezeExcite: u / 2, SpatialSqueezeExcite: u / 2, SpatialChannelSqueezeExcite: u}
    for block_type, value in expected.items():
        block = block_type(spatial_dims, 6).train(training)
        for parameter in block.parameters():
            nn.init.zeros_(parameter)
        assert torch.equal(block(u), value)


@pytest.mark.parametrize("channels", [2, 16, 64])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_number_of_parameters(spatial_dims: int, channels: int) -> None:
    def count(block: nn.Module) -> int:
        return sum(parameter.numel() for parameter in block.parameters())

    assert count(ChannelSqueezeExcite(spatial_dims, channels)) == channels**2
    assert count(SpatialSqueezeExcite(spatial_dims, channels)) == channels
    assert count(SpatialChannelSqueezeExcite(spatial_dims, channels)) == channels**2 + channels
    with_bias = channels**2 + channels + channels // 2 + channels + 1
    assert count(SpatialChannelSqueezeExcite(spatial_dims, channels, bias=True)) == with_bias


@pytest.mark.parametrize("block_type", ALL_BLOCKS)
@pytest.mark.parametrize("spatial_dims", [0, 4, -1])
def test_spatial_dims_out_of_range(block_type: type, spatial_dims: int) -> None:
    with pytest.raises(ValueError, match=rf"spatial_dims must be 1, 2 or 3, got {spatial_dims}"):
        block_type(spatial_dims, 4)


@pytest.mark.parametrize("block_type", ALL_BLOCKS)
@pytest.mark.parametrize("in_channels", [0, -4])
def test_in_channels_out_of_range(block_type: type, in_channels: int) -> None:
    with pytest.raises(ValueError, match=rf"in_channels must be at least 1, got {in_channels}"):
        block_type(2, in_channels)


@pytest.mark.parametrize("block_type", [ChannelSqueezeExcite, SpatialChannelSqueezeExcite])
@pytest.mark.parametrize("reduction", [0, -1, 5])
def test_reduction_out_of_range(block_type: type, reduction: int) -> None:
    with pytest.raises(ValueError, match=rf"reduction must be between 1 and in_channels=4, got {reduction}"):
        block_type(2, 4, reduction=reduction)


def test_merge_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"merge must be one of add, max, mul, got 'concat'"):
        SpatialChannelSqueezeExcite(2, 4, merge="concat")


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
    # the measure itself can tell: merge="max" keeps both branches
    assert saved_bytes(SpatialChannelSqueezeExcite(2, 64, merge="max"), x) > 2 * size


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
