"""Learning from cases with organs that were not annotated, against the marginal cross-entropy as printed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.losses import DiceCELoss

from monai_scse.labels import mark_unknown_classes
from monai_scse.losses import PartialLabelLoss, SegmentationCrossEntropyLoss

CLASSES = 5


def dice_ce(**options) -> DiceCELoss:
    return DiceCELoss(softmax=True, to_onehot_y=True, batch=True, **options)


@pytest.fixture
def logits() -> torch.Tensor:
    return (3 * torch.randn(2, CLASSES, 6, 7)).requires_grad_()


@pytest.fixture
def label() -> torch.Tensor:
    return torch.randint(0, CLASSES, (2, 1, 6, 7))


@pytest.mark.parametrize(
    "loss",
    [SegmentationCrossEntropyLoss(), dice_ce(), dice_ce(weight=torch.arange(1.0, 6.0)), dice_ce(label_smoothing=0.2)],
)
def test_equals_the_loss_itself_where_all_is_annotated(loss, logits, label):
    assert PartialLabelLoss(loss)(logits, label).item() == loss(logits, label).item()


def test_is_the_marginal_cross_entropy(logits, label):
    unknown = [2, 4]
    label[0][(label[0] == 2) | (label[0] == 4)] = 0
    marked = torch.stack([mark_unknown_classes(label[0], unknown), label[1].int()])
    probability = torch.softmax(logits, dim=1).detach().numpy()
    losses = []
    for sample in range(2):
        for i, j in np.ndindex(6, 7):
            true = int(label[sample, 0, i, j])
            allowed = [0, *unknown] if true == 0 and sample == 0 else [true]
            losses.append(-np.log(probability[sample, allowed, i, j].sum()))
    found = PartialLabelLoss(SegmentationCrossEntropyLoss())(logits, marked).item()
    assert found == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize("loss", [SegmentationCrossEntropyLoss(), dice_ce(), dice_ce(label_smoothing=0.2)])
def test_unknown_class_is_not_pushed_below_the_background(loss, logits):
    marked = mark_unknown_classes(torch.zeros(2, 1, 6, 7), [2])
    PartialLabelLoss(loss)(logits, marked).backward()
    descent = -logits.grad.sum(dim=(0, 2, 3))
    assert torch.isfinite(logits.grad).all()
    assert descent[2] > 0  # free to be found
    assert descent[1] < 0  # annotated and not there
    # background and unknown class are raised in proportion to their probabilities: neither is preferred
    probability = torch.softmax(logits.detach(), dim=1)
    ratio = logits.grad[:, 2] * probability[:, 0] - logits.grad[:, 0] * probability[:, 2]
    torch.testing.assert_close(ratio, torch.zeros_like(ratio), atol=1e-5, rtol=0)


def test_complete_samples_of_the_batch_are_learned_as_ever(logits, label):
    loss = PartialLabelLoss(SegmentationCrossEntropyLoss(reduction="none"))
    marked = torch.stack([mark_unknown_classes(label[0], [1]), label[1].int()])
    torch.testing.assert_close(loss(logits, marked)[1], loss(logits, label)[1])
    assert (loss(logits, marked)[0] < loss(logits, label)[0]).any()
