"""Slice by slice inference that keeps class indices instead of all logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from monai.inferers import SliceInferer

from ..runtime.arguments import check_whole, flag_of
from .argmax import classes_of

__all__ = ["ArgmaxSliceInferer"]


class ArgmaxSliceInferer(SliceInferer):
    """MONAI's ``SliceInferer`` over whole slices, with the argmax over the classes taken slice by slice.

    The logits of a 256^3 volume with 28 classes are 1.75 GiB in float32. The class indices are 64 MiB.

    Args:
        spatial_dim: the axis to slice along: 0, 1 or 2.
        sw_batch_size: number of slices in a forward pass.
        progress: whether to show a progress bar, which goes when the scan is done.
        confidence: whether to return the probability of the class as a second channel.

    Raises:
        InputError: when the axis or the number is out of its range.

    Shape:
        input: (batch, channels, x, y, z). Output: class indices, float, (batch, 1 or 2, x, y, z).
    """

    def __init__(
        self, spatial_dim: int = 1, sw_batch_size: int = 4, progress: bool = False, confidence: bool = False
    ) -> None:
        check_whole("spatial_dim", spatial_dim, 0, 2)
        check_whole("sw_batch_size", sw_batch_size, 1)
        # windows never overlap: averaging class indices would be wrong
        super().__init__(roi_size=(-1, -1), spatial_dim=spatial_dim, sw_batch_size=sw_batch_size)
        self.confidence = flag_of("confidence", confidence)
        self.shows_progress = flag_of("progress", progress)  # MONAI shows a bar of its own for self.progress
        self._bar: Any = None

    def __call__(self, inputs: torch.Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> torch.Tensor:
        from tqdm import tqdm  # a network alone does not need it

        passes = -(-inputs.shape[0] * inputs.shape[self.spatial_dim + 2] // self.sw_batch_size)
        with tqdm(total=passes, desc="slices", leave=False, disable=not self.shows_progress) as self._bar:
            return cast(torch.Tensor, super().__call__(inputs, network, *args, **kwargs))

    def network_wrapper(
        self,
        network: Callable[..., Any],
        x: torch.Tensor,
        condition: torch.Tensor | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        logits = super().network_wrapper(network, x, condition, *args, **kwargs)
        self._bar.update()
        return classes_of(cast(torch.Tensor, logits), self.confidence)
