"""Confidence of a structure: the mean probability of its voxels."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from monai_scse.transforms import AGREEMENT_KEY, CONFIDENCE_KEY, RecordConfidenced


def test_mean_of_the_probabilities_by_hand() -> None:
    classes = torch.tensor([[[[0.0, 1, 1, 3]]]])
    probability = torch.tensor([[[[0.9, 0.8, 0.6, 0.5]]]])
    pred = MetaTensor(torch.cat((classes, probability)))
    image = MetaTensor(torch.zeros(1, 1, 1, 4))
    noted = RecordConfidenced("pred")({"pred": pred, "image": image})
    assert torch.equal(torch.as_tensor(noted["pred"]), classes)
    assert noted["pred"].meta[CONFIDENCE_KEY] == {1: pytest.approx(0.7), 3: pytest.approx(0.5)}
    assert noted["image"].meta[CONFIDENCE_KEY] == noted["pred"].meta[CONFIDENCE_KEY]


def test_agreement_is_dice_with_the_mirror_image() -> None:
    classes, other = torch.tensor([[[[1.0, 1, 1, 2, 3]]]]), torch.tensor([[[[1.0, 1, 2, 2, 0]]]])
    pred = MetaTensor(torch.cat((classes, torch.ones_like(classes), other)))
    noted = RecordConfidenced("pred")({"pred": pred})["pred"]
    assert torch.equal(torch.as_tensor(noted), classes)
    assert noted.meta[AGREEMENT_KEY] == {1: pytest.approx(4 / 5), 2: pytest.approx(2 / 3), 3: 0.0}


def test_agreement_counts_only_where_the_mirror_image_was_looked_at() -> None:
    classes, other = torch.tensor([[[[1.0, 1, 1, 2, 3]]]]), torch.tensor([[[[1.0, -1, 2, 7, -1]]]])
    pred = MetaTensor(torch.cat((classes, torch.ones_like(classes), other)))
    noted = RecordConfidenced("pred")({"pred": pred})["pred"]
    assert noted.meta[AGREEMENT_KEY] == {1: pytest.approx(2 / 3), 2: 0.0}  # of the third class nothing is known
