"""The convolution blocks against the same layers written out."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from monai_scse.networks.blocks import ConvNormAct, FCDenseBlock

SIZES = {1: (9,), 2: (7, 6), 3: (5, 4, 3)}
CONV = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}


def batch_norm(norm: nn.Module, x: torch.Tensor) -> torch.Tensor:
    axes = [0, *range(2, x.ndim)]
    shape = [1, -1] + [1] * (x.ndim - 2)
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
    return (x - mean) / (variance + norm.eps).sqrt() * norm.weight.view(shape) + norm.bias.view(shape)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_conv_norm_act_in_this_order_and_size_kept(spatial_dims: int, kernel_size: int) -> None:
    block = ConvNormAct(spatial_dims, 3, 4, kernel_size)
    nn.init.uniform_(block.norm.weight, 0.5, 2)
    nn.init.uniform_(block.norm.bias, -1, 1)
    x = torch.randn(2, 3, *SIZES[spatial_dims])
    y = CONV[spatial_dims](x, block.conv.weight, block.conv.bias, padding=(kernel_size - 1) // 2)
    torch.testing.assert_close(block(x), batch_norm(block.norm, y).clamp(min=0), rtol=1e-4, atol=1e-5)
    assert block(x).shape == (2, 4, *SIZES[spatial_dims])


def test_convolutions_have_a_bias_and_a_5x5_kernel_by_default() -> None:
    assert ConvNormAct(2, 3, 4).conv.bias is not None
    assert ConvNormAct(2, 3, 4).conv.weight.shape == (4, 3, 5, 5)


def test_act_and_norm_are_monai_names_with_options() -> None:
    block = ConvNormAct(2, 3, 4, act=("leakyrelu", {"negative_slope": 0.3}), norm=("group", {"num_groups": 2}))
    assert isinstance(block.norm, nn.GroupNorm)
    assert block.norm.num_groups == 2
    assert block.act.negative_slope == 0.3
    assert isinstance(ConvNormAct(2, 3, 4, act="").act, nn.Identity)


@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_dense_block_sees_all_maps_before(spatial_dims: int) -> None:
    block = FCDenseBlock(spatial_dims, 3, 4, kernel_size=3)
    conv = CONV[spatial_dims]
    x = torch.randn(2, 3, *SIZES[spatial_dims])

    def layer(stage: nn.Module, z: torch.Tensor, padding: int) -> torch.Tensor:
        return conv(batch_norm(stage.norm, z).clamp(min=0), stage.conv.weight, stage.conv.bias, padding=padding)

    first = layer(block.layer1, x, 1)
    second = layer(block.layer2, torch.cat([x, first], 1), 1)
    expected = layer(block.compress, torch.cat([x, first, second], 1), 0)
    torch.testing.assert_close(block(x), expected, rtol=1e-4, atol=1e-5)
    assert expected.shape == (2, 4, *SIZES[spatial_dims])


def test_dense_block_number_of_parameters() -> None:
    expected = (2 * 3 + 3 * 4 * 25 + 4) + (2 * 7 + 7 * 4 * 25 + 4) + (2 * 11 + 11 * 4 + 4)
    assert sum(parameter.numel() for parameter in FCDenseBlock(2, 3, 4).parameters()) == expected


@pytest.mark.parametrize("block_type", [ConvNormAct, FCDenseBlock])
@pytest.mark.parametrize("kernel_size", [0, 2, 4])
def test_even_kernel_size(block_type: type, kernel_size: int) -> None:
    with pytest.raises(ValueError, match=rf"kernel_size must be odd and positive, got {kernel_size}"):
        block_type(2, 3, 4, kernel_size=kernel_size)


@pytest.mark.parametrize("block_type", [ConvNormAct, FCDenseBlock])
def test_script_save_and_reload(block_type: type, scripted) -> None:
    block = block_type(2, 3, 4).eval()
    x = torch.randn(1, 3, 6, 7)
    assert torch.equal(scripted(block)(x), block(x))
