"""Gradients in few passes are those of the plain formula."""

from __future__ import annotations

import copy

import pytest
import torch
from support.block_references import SHAPES, randomised

from monai_scse.networks.blocks import ChannelSqueezeExcite, SpatialChannelSqueezeExcite, gradients

BLOCKS = [ChannelSqueezeExcite, SpatialChannelSqueezeExcite]


def outcome(block: torch.nn.Module, x: torch.Tensor, amp: bool) -> list[torch.Tensor]:
    """Output, and the gradients of the input and of all parameters."""
    block, x = copy.deepcopy(block), x.clone(memory_format=torch.preserve_format).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=amp):
        output = block(x)
    (output.float() * torch.linspace(-1, 1, output.shape[-1])).sum().backward()
    return [output, x.grad, *(parameter.grad for parameter in block.parameters())]


@pytest.mark.parametrize("block_type", BLOCKS)
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
@pytest.mark.parametrize("amp", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_equal_to_those_of_autograd(block_type, spatial_dims, amp, dtype, monkeypatch) -> None:
    if dtype is torch.bfloat16 and not amp:
        pytest.skip("weights are float32: it takes autocast")
    block = randomised(block_type(spatial_dims, 6)).float()
    x = torch.randn(SHAPES[spatial_dims]).to(dtype)
    if spatial_dims > 1:
        x = x.to(memory_format={2: torch.channels_last, 3: torch.channels_last_3d}[spatial_dims])
    ours = outcome(block, x, amp)
    monkeypatch.setattr(gradients, "_runs_now", lambda x: False)
    plain = outcome(block, x, amp)
    tolerance = 3e-2 if amp else 1e-5
    for one, other in zip(ours, plain, strict=True):
        assert one.dtype == other.dtype
        scale = other.float().abs().max().item()
        torch.testing.assert_close(one.float(), other.float(), rtol=0, atol=tolerance * max(scale, 1e-3))
    assert ours[1].stride() == x.stride()


@pytest.mark.parametrize("block_type", BLOCKS)
def test_higher_and_forward_gradients(block_type) -> None:
    block = randomised(block_type(2, 4)).double()
    x = torch.randn(2, 4, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, (x,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(block, (x,))


@pytest.mark.parametrize("block_type", BLOCKS)
@pytest.mark.filterwarnings("ignore:There is a performance drop")  # torch has no batching rule for addcmul_
def test_vmap(block_type) -> None:
    block = randomised(block_type(2, 4)).float()
    x = torch.randn(3, 2, 4, 3, 2)
    torch.testing.assert_close(torch.func.vmap(block)(x), torch.stack([block(one) for one in x]))
