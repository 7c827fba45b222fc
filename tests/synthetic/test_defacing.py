"""Heads whose face is cut off."""

from __future__ import annotations

import torch

from monai_scse.synthetic.defacing import RandDefaced


def test_the_cut_lies_before_and_below_the_brain() -> None:
    brain = torch.zeros(1, 30, 30, 30)
    brain[:, 10:20, 8:20, 12:25] = 1
    cut = RandDefaced("image", prob=1.0)
    for seed in range(20):
        head = cut.set_random_state(seed)({"image": torch.ones(1, 30, 30, 30), "label": brain})["image"]
        assert head[brain > 0].all()
        assert not head[0, :, 29, 0].any()
        assert head[0, :, 0, 29].all()
        assert (head[0, :, :, 3].diff(dim=1) <= 0).all()  # nothing in front of the plane


def test_a_head_is_left_alone_when_not_drawn_or_without_brain() -> None:
    head = torch.ones(1, 9, 9, 9)
    assert RandDefaced("image", prob=0.0)({"image": head, "label": head})["image"].all()
    assert RandDefaced("image", prob=1.0)({"image": head, "label": torch.zeros(1, 9, 9, 9)})["image"].all()
