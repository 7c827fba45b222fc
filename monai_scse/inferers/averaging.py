"""The mean of several predictions for one image, in a form that an inferer takes for logits."""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["mean_log_softmax"]


def mean_log_softmax(probabilities: Sequence[torch.Tensor]) -> torch.Tensor:
    """Logarithm of the mean of softmax probabilities, finite also where all of them are 0."""
    mean = sum(probabilities) / len(probabilities)
    return mean.clamp(min=torch.finfo(mean.dtype).tiny).log()
