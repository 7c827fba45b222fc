"""Several looks at every image, each at another size, averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.inferers import Inferer
from torch.nn.functional import interpolate

from .averaging import mean_log_softmax

__all__ = ["ZoomedInferer"]


class ZoomedInferer(Inferer):
    """Run another inferer with the mean of a network's predictions for an image at several sizes.

    Where the people that a network learnt from were smaller or larger than the one it sees, one of the sizes is closer
    to them. The inferer sees logarithms of the mean softmax probabilities in the place of logits.

    Args:
        inferer: the inferer to run.
        factors: the sizes, each a forward pass; 1 is the image as it is. Slabs of neighbouring slices are zoomed
            within the slices only.

    Shape:
        input and output: those of the inferer.

    Raises:
        ValueError: when there is no factor, or one that is not positive.
    """

    def __init__(self, inferer: Inferer, factors: Sequence[float] = (0.87, 1.0, 1.15)) -> None:
        super().__init__()
        if not factors or min(factors) <= 0:
            raise ValueError(f"factors must be positive numbers, got {tuple(factors)}.")
        self.inferer = inferer
        self.factors = tuple(factors)

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        def at_all_sizes(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            size, mode = x.shape[2:], "trilinear" if x.dim() == 5 else "bilinear"
            looks = []
            for factor in self.factors:
                zoomed = [max(1, round(factor * length)) for length in size]
                logits = network(interpolate(x, zoomed, mode=mode), *args, **kwargs).float()
                looks.append(interpolate(logits, size, mode=mode).softmax(dim=1))
            return mean_log_softmax(looks)

        return self.inferer(inputs, at_all_sizes, *args, **kwargs)
