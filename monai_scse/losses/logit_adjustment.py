"""Class weights in the loss that do not make the network see rare classes where they are not."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

__all__ = ["LogitAdjustedLoss"]


class LogitAdjustedLoss(nn.Module):
    """Train with class weights, and get a network whose probabilities are those without them.

    Cross-entropy with class weights w learns ``softmax(f)_c ~ w_c p_c``: what is weighted up is segmented too large.
    This loss sees ``f + log w``, so that the network learns ``softmax(f)_c ~ p_c``, from the same gradients. A
    network trained without this class becomes one trained with it by taking ``log w`` off the bias of its last layer.

    Reference: A. K. Menon et al., "Long-tail learning via logit adjustment", ICLR 2021,
    https://arxiv.org/abs/2007.07314.

    Args:
        loss: a loss of logits and labels that has the class weights, for example ``DiceCELoss(softmax=True,
            to_onehot_y=True, weight=weight)``.
        weight: the class weights, (classes,). A class of weight 0 is left as it is.

    Shape:
        logits: (batch, classes, *spatial). Label: as ``loss`` takes it.

    Raises:
        ValueError: when a weight is negative.

    Example:
        >>> from monai_scse.losses import SegmentationCrossEntropyLoss
        >>> weight = torch.tensor([1.0, 9.0])
        >>> loss = LogitAdjustedLoss(SegmentationCrossEntropyLoss(weight), weight)
        >>> logits = torch.zeros(1, 2, 10, requires_grad=True)  # half of each class
        >>> label = torch.tensor([0] * 5 + [1] * 5).view(1, 1, 10)  # which is right: nothing to learn
        >>> loss(logits, label).backward()
        >>> bool(logits.grad.sum(dim=2).abs().max() < 1e-6)
        True
    """

    shift: torch.Tensor

    def __init__(self, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], weight: torch.Tensor) -> None:
        super().__init__()
        if bool((weight < 0).any()):
            raise ValueError(f"class weights must not be negative, got {weight.tolist()}.")
        self.loss = loss
        self.register_buffer("shift", torch.where(weight > 0, weight, 1).log())

    def forward(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return self.loss(logits + self.shift.view(1, -1, *[1] * (logits.ndim - 2)), label)
