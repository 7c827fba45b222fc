"""Class indices from any inferer that returns logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer

__all__ = ["ArgmaxInferer"]


class ArgmaxInferer(Inferer):
    """Run another inferer and return the class of the largest logit, so that all postprocessing sees class indices.

    For a 3D network around MONAI's ``SlidingWindowInferer``, whose windows overlap and are averaged before.

    Args:
        inferer: the inferer to run.

    Shape:
        input: (batch, channels, *spatial); output: class indices, float, (batch, 1, *spatial).
    """

    def __init__(self, inferer: Inferer) -> None:
        super().__init__()
        self.inferer = inferer

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        return self.inferer(inputs, network, *args, **kwargs).argmax(dim=1, keepdim=True).to(inputs.dtype)
