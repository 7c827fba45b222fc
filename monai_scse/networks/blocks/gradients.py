"""Steps of squeeze & excitation whose gradients need fewer passes over the feature map than autograd's own.

On a CPU the map does not fit in its caches, and each pass over it costs as much as another. Autograd writes the
gradient of a mean out, in another memory format where the map is channels_last. It adds the gradients of both halves of
scSE one by one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import Function

__all__ = ["merged_sum", "spatial_mean"]


def spatial_mean(x: torch.Tensor, axes: list[int]) -> torch.Tensor:
    """The mean over the spatial axes, (batch, C).

    Args:
        x: a feature map, (batch, C, *spatial).
        axes: its spatial axes.
    """
    if not torch.jit.is_scripting():  # noqa: SIM102  (TorchScript leaves out what stands here)
        if _runs_now(x):
            return _SpatialMean.apply(x, axes)
    return x.mean(axes)


def merged_sum(x: torch.Tensor, channel_gate: torch.Tensor, spatial_gate: torch.Tensor) -> torch.Tensor:
    """``x * channel_gate + x * spatial_gate``, (batch, C, *spatial).

    Args:
        x: a feature map, (batch, C, *spatial).
        channel_gate: a gate for each channel, (batch, C, 1, ...).
        spatial_gate: a gate for each position, (batch, 1, *spatial).
    """
    if not torch.jit.is_scripting():  # noqa: SIM102
        if _runs_now(x):
            return _MergedSum.apply(x, channel_gate, spatial_gate)
    return _weighted_sum(x, channel_gate, spatial_gate)


def _runs_now(x: torch.Tensor) -> bool:
    """Whether a CPU runs the steps one by one, and no compiler or exporter records them."""
    return x.is_cpu and not torch.jit.is_tracing() and not torch.compiler.is_compiling()


def _weighted_sum(x: torch.Tensor, channel_gate: torch.Tensor, spatial_gate: torch.Tensor) -> torch.Tensor:
    # x * (channel_gate + spatial_gate) is slower: its full-size sum is not channels_last, and autograd keeps it.
    # In place, as autograd needs x and the gates and not the product.
    return (x * channel_gate).addcmul_(x, spatial_gate)


class _SpatialMean(Function):
    """Its gradient is the same at all positions, and stays a view of one value for each channel."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, axes: list[int]) -> torch.Tensor:
        if x.dtype is not torch.bfloat16:
            return x.mean(axes)
        return x.sum(axes) / x.shape[2:].numel()  # the mean of torch takes three times as long

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, list[int]], output: torch.Tensor) -> None:
        ctx.shape, ctx.axes = inputs[0].shape, inputs[1]

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        each = gradient / ctx.shape[2:].numel()
        return each.view(*each.shape, *[1] * len(ctx.axes)).expand(ctx.shape), None

    @staticmethod
    def jvp(ctx: Any, tangent: torch.Tensor, _: None) -> torch.Tensor:
        return tangent.mean(ctx.axes)


class _MergedSum(Function):
    """Computes the product of map and gradient once for both gates, and adds up the gradient of the map in place."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, channel_gate: torch.Tensor, spatial_gate: torch.Tensor) -> torch.Tensor:
        return _weighted_sum(x, channel_gate, spatial_gate)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x, channel_gate, spatial_gate = ctx.saved_tensors
        product = gradient * x
        return (
            _weighted_sum(gradient, channel_gate, spatial_gate).to(x.dtype),
            product.sum(list(range(2, x.ndim)), keepdim=True).to(channel_gate.dtype),
            product.sum(1, keepdim=True).to(spatial_gate.dtype),
        )

    @staticmethod
    def jvp(ctx: Any, *tangents: torch.Tensor) -> torch.Tensor:
        x, channel_gate, spatial_gate = ctx.saved_tensors
        of_map, of_channel_gate, of_spatial_gate = tangents
        return of_map * (channel_gate + spatial_gate) + x * (of_channel_gate + of_spatial_gate)
