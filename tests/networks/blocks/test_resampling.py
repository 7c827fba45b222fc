"""Pooling, unpooling and padding against torch's and numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from monai_scse.networks.blocks import (
    MaxPool,
    MaxPoolWithIndices,
    MaxUnpool,
    TransposedConvolution,
    crop_to_size,
    pad_to_multiple,
)

SHAPES = [(2, 3, 8), (2, 3, 8, 6), (2, 3, 4, 6, 8)]
POOL = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
UNPOOL = {1: nn.MaxUnpool1d, 2: nn.MaxUnpool2d, 3: nn.MaxUnpool3d}


@pytest.mark.parametrize("shape", SHAPES)
def test_max_pool_equals_torch_and_has_no_indices(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    pooled, indices = MaxPool(len(shape) - 2)(x)
    assert torch.equal(pooled, POOL[len(shape) - 2](2)(x))
    assert indices.numel() == 0
    assert indices.dtype == torch.long


@pytest.mark.parametrize("shape", SHAPES)
def test_max_pool_with_indices_equals_torch(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    expected, expected_indices = POOL[len(shape) - 2](2, return_indices=True)(x)
    pooled, indices = MaxPoolWithIndices(len(shape) - 2)(x)
    assert torch.equal(pooled, expected)
    assert torch.equal(indices, expected_indices)
    assert torch.equal(x.flatten(2).gather(2, indices.flatten(2)), pooled.flatten(2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES)
def test_max_unpool_is_bit_identical_to_torch(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    spatial_dims = len(shape) - 2
    pooled, indices = MaxPoolWithIndices(spatial_dims)(torch.randn(shape))
    values = torch.randn_like(pooled).to(dtype)
    unpooled = MaxUnpool()(values, indices)
    assert unpooled.dtype == dtype
    assert unpooled.shape == shape
    reference = UNPOOL[spatial_dims](2)(values.float(), indices).to(dtype)  # torch has no bfloat16 of its own
    assert torch.equal(unpooled, reference)


def test_max_unpool_by_hand() -> None:
    x = torch.tensor([[[1.0, 5.0, 2.0, 0.0, 3.0, 3.5]]])
    pooled, indices = MaxPoolWithIndices(1)(x)
    assert indices.tolist() == [[[1, 2, 5]]]
    assert MaxUnpool()(pooled * 10, indices).tolist() == [[[0.0, 50.0, 20.0, 0.0, 0.0, 35.0]]]


@pytest.mark.usefixtures("deterministic")
def test_max_unpool_gradient_in_deterministic_mode() -> None:
    pooled, indices = MaxPoolWithIndices(2)(torch.randn(1, 2, 4, 4))
    values = torch.randn(pooled.shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(MaxUnpool(), (values, indices))


@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_transposed_convolution_doubles_the_size(spatial_dims: int) -> None:
    block = TransposedConvolution(spatial_dims, 3)
    x = torch.randn(1, 3, *range(2, 2 + spatial_dims))
    y = block(x, torch.empty(0, dtype=torch.long))
    assert y.shape == (1, 3, *(2 * size for size in range(2, 2 + spatial_dims)))
    # without overlap, the first voxel sees the first input voxel only
    first = (0, slice(None), *[0] * spatial_dims)
    weight = block.conv.weight.flatten(2)[:, :, 0]
    torch.testing.assert_close(y[first], x[first] @ weight + block.conv.bias)


@pytest.mark.parametrize("multiple", [1, 4, 16])
@pytest.mark.parametrize("size", [(7,), (5, 8), (1, 3), (3, 4, 17)])
def test_pad_to_multiple_is_numpy_edge_padding(size: tuple[int, ...], multiple: int) -> None:
    x = torch.randn(2, 3, *size)
    widths = [(0, 0), (0, 0)] + [(0, -length % multiple) for length in size]
    padded = pad_to_multiple(x, multiple)
    np.testing.assert_array_equal(padded.numpy(), np.pad(x.numpy(), widths, mode="edge"))
    assert torch.equal(crop_to_size(padded, list(size)), x)


@pytest.mark.usefixtures("deterministic")
def test_pad_to_multiple_gradient_in_deterministic_mode() -> None:
    x = torch.randn(1, 2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda y: pad_to_multiple(y, 4), (x,))


def test_crop_to_size_keeps_the_first_voxels() -> None:
    x = torch.arange(12.0).view(1, 1, 3, 4)
    assert crop_to_size(x, [2, 3]).tolist() == [[[[0, 1, 2], [4, 5, 6]]]]


@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_script_save_and_reload(spatial_dims: int, scripted) -> None:
    x = torch.randn(1, 2, *[4] * spatial_dims)
    pool = MaxPoolWithIndices(spatial_dims)
    pooled, indices = pool(x)
    for ours, expected in zip(scripted(pool)(x), (pooled, indices)):
        assert torch.equal(ours, expected)
    assert torch.equal(scripted(MaxUnpool())(pooled, indices), MaxUnpool()(pooled, indices))
    assert torch.equal(scripted(MaxPool(spatial_dims))(x)[0], pooled)
    up = TransposedConvolution(spatial_dims, 2)
    assert torch.equal(scripted(up)(x, indices), up(x, indices))
