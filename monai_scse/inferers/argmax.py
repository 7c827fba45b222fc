"""Class indices from any inferer that returns logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer

from ..runtime.arguments import flag_of

__all__ = ["ArgmaxInferer", "classes_of"]


def classes_of(logits: torch.Tensor, confidence: bool) -> torch.Tensor:
    """Class of the largest logit, float, (batch, 1, *spatial). ``confidence`` adds a channel with its probability."""
    if not confidence:
        return logits.argmax(dim=1, keepdim=True).to(logits.dtype)
    highest, classes = logits.max(dim=1, keepdim=True)
    # in float32 and in place: half the time that bfloat16 takes on a CPU
    inverse = logits.to(torch.float32, copy=True).sub_(highest).exp_().sum(dim=1, keepdim=True)
    return torch.cat((classes.float(), inverse.reciprocal_()), dim=1)


class ArgmaxInferer(Inferer):
    """Run another inferer and return the class of the largest logit, so that all postprocessing sees class indices.

    A 3D network uses it around MONAI's ``SlidingWindowInferer``, which averages overlapping windows first. Nearest is
    MONAI's ``AsDiscreted(argmax=True)``, which gives no probability.

    Args:
        inferer: the inferer to run.
        confidence: whether to return the probability of the class as a second channel.

    Shape:
        input: (batch, channels, *spatial). Output: class indices, float, (batch, 1 or 2, *spatial).
    """

    def __init__(self, inferer: Inferer, confidence: bool = False) -> None:
        super().__init__()
        self.inferer = inferer
        self.confidence = flag_of("confidence", confidence)

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        return classes_of(self.inferer(inputs, network, *args, **kwargs), self.confidence)
