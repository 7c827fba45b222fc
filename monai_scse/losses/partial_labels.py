"""Learning from cases in which some organs were not annotated."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from ..labels import unknown_classes

__all__ = ["PartialLabelLoss"]


class PartialLabelLoss(nn.Module):
    """Let a loss ignore the organs that were not annotated, sample by sample.

    A voxel of the background of such a case may belong to the organ. Its probability of being background is therefore
    the sum over background and the classes that were not annotated. The network is free to find the organ there or not.
    It still learns the annotated organs from the voxel.

    Reference: G. Shi et al., "Marginal loss and exclusion loss for partially supervised multi-organ segmentation",
    Medical Image Analysis 2021, https://arxiv.org/abs/2007.03868.

    Args:
        loss: any loss of logits (batch, classes, *spatial) and class indices (batch, 1, *spatial), for example
            ``DiceCELoss(softmax=True, to_onehot_y=True)``.

    Shape:
        logits: (batch, classes, *spatial). Label: (batch, 1, *spatial), class indices or, where classes are unknown,
        the negative numbers of :func:`monai_scse.labels.mark_unknown_classes`.

    Example:
        >>> from monai_scse.labels import mark_unknown_classes
        >>> from monai_scse.losses import SegmentationCrossEntropyLoss
        >>> loss = PartialLabelLoss(SegmentationCrossEntropyLoss())
        >>> logits = torch.tensor([0.0, -9.0, 9.0]).view(1, 3, 1)  # sure that it is class 2
        >>> background = torch.zeros(1, 1, 1, dtype=torch.int)
        >>> round(loss(logits, background).item()), round(loss(logits, mark_unknown_classes(background, [2])).item())
        (9, 0)
    """

    def __init__(self, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        if bool((label < 0).any()):
            logits = torch.stack([_merge(one, unknown_classes(target)) for one, target in zip(logits, label)])
        return self.loss(logits, label.clamp(min=0))


def _merge(logits: torch.Tensor, unknown: list[int]) -> torch.Tensor:
    """Give the probability of the unknown classes to the background."""
    if not unknown:
        return logits
    background = logits[[0, *unknown]].logsumexp(dim=0)
    merged = logits.clone()
    merged[0] = background
    # next to no probability, but finite: a loss with label smoothing uses all classes
    merged[unknown] = logits.detach().amin(dim=0) - 15
    return merged
