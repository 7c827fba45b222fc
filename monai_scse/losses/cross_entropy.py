"""Cross-entropy for MONAI's channel-first label maps."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["SegmentationCrossEntropyLoss"]


class SegmentationCrossEntropyLoss(nn.CrossEntropyLoss):
    """The logistic loss of the paper: PyTorch's cross-entropy for labels with a channel axis.

    With ``weight`` from :func:`monai_scse.losses.median_frequency_weights` this is the loss of A. G. Roy et al., MICCAI
    2018, https://arxiv.org/abs/1803.02579, section 3.

    Args:
        args: as in ``torch.nn.CrossEntropyLoss``.
        kwargs: as in ``torch.nn.CrossEntropyLoss``, for example ``weight`` and ``label_smoothing``.

    Shape:
        logits: (batch, classes, *spatial). Label: class indices of any data type, (batch, 1, *spatial).

    Raises:
        ValueError: when the label has not exactly one channel.

    Example:
        >>> import torch
        >>> loss = SegmentationCrossEntropyLoss(weight=torch.tensor([0.5, 2.0]))
        >>> loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4))
        tensor(0.6931)
    """

    def forward(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        if label.ndim != logits.ndim or label.shape[1] != 1:
            raise ValueError(f"label must be (batch, 1, *spatial), got {tuple(label.shape)}.")
        return super().forward(logits, label[:, 0].long())
