"""The three blocks against the paper's equations in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.block_references import SHAPES, numpy_of, randomised, sigmoid
from torch import nn

from monai_scse.networks.blocks import (
    MERGE_MODES,
    ChannelSqueezeExcite,
    SpatialChannelSqueezeExcite,
    SpatialSqueezeExcite,
)


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


def test_merge_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"merge must be one of add, max, mul, got 'concat'"):
        SpatialChannelSqueezeExcite(2, 4, merge="concat")
