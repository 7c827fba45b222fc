"""Class weights that do not show in what the network predicts."""

from __future__ import annotations

import pytest
import torch
from monai.losses import DiceCELoss

from monai_scse.losses import LogitAdjustedLoss, SegmentationCrossEntropyLoss

WEIGHT = torch.tensor([0.1, 1.0, 3.0])
LABEL = torch.tensor([0] * 90 + [1] * 8 + [2] * 2).view(1, 1, 100)


def fitted(loss) -> torch.Tensor:
    """Probabilities of a network that sees nothing but how frequent classes are."""
    bias = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.LBFGS([bias], max_iter=200, tolerance_grad=1e-9)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(bias.view(1, 3, 1).expand(1, 3, 100), LABEL)
        value.backward()
        return value

    optimizer.step(step)
    return bias.detach().softmax(0)


def test_network_learns_how_frequent_classes_are():
    weighted = SegmentationCrossEntropyLoss(WEIGHT)
    assert torch.allclose(fitted(LogitAdjustedLoss(weighted, WEIGHT)), torch.tensor([0.9, 0.08, 0.02]), atol=1e-3)
    assert fitted(weighted)[2] > 0.2  # ten times too often


def test_gradients_are_those_of_the_loss_at_shifted_logits():
    weighted = DiceCELoss(softmax=True, to_onehot_y=True, weight=WEIGHT)
    logits = torch.randn(2, 3, 5, 5, 5, requires_grad=True)
    shifted = (logits.detach() + WEIGHT.log().view(1, 3, 1, 1, 1)).requires_grad_()
    label = torch.randint(0, 3, (2, 1, 5, 5, 5))
    LogitAdjustedLoss(weighted, WEIGHT)(logits, label).backward()
    weighted(shifted, label).backward()
    assert torch.allclose(logits.grad, shifted.grad)


def test_class_without_weight_is_left_as_it_is():
    loss = LogitAdjustedLoss(SegmentationCrossEntropyLoss(), torch.tensor([1.0, 0.0]))
    assert torch.isfinite(loss(torch.zeros(1, 2, 4), torch.zeros(1, 1, 4, dtype=torch.int64)))


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        LogitAdjustedLoss(SegmentationCrossEntropyLoss(), torch.tensor([1.0, -1.0]))
