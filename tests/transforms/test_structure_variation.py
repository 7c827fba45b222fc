"""Structures that grow, shrink and change their brightness."""

from __future__ import annotations

import pytest
import torch

from monai_scse.transforms import RandStructureIntensityd, RandStructureSized, RandWhiteMatterLesionsd


def sample() -> dict[str, torch.Tensor]:
    """Class 1 is a disk, class 2 a small one of radius 10 in its middle; three slices of an image show them."""
    radius = (torch.arange(-40, 40).square()[:, None] + torch.arange(-40, 40).square()).sqrt()
    label = ((radius < 35).int() + (radius < 10).int())[None].to(torch.uint8)
    return {"image": (label.float() * 0.4).repeat(3, 1, 1), "label": label}


def radius_of(label: torch.Tensor, index: int) -> float:
    return float(((label >= index).sum() / torch.pi).sqrt())


@pytest.mark.parametrize("shift", [4.0, -3.0, 0.0])
def test_edge_moves_and_takes_the_image_along(shift: float) -> None:
    change = RandStructureSized(["image", "label"], classes=[2], shift=(shift, shift), sigma=5, prob=1.0)
    changed = change(sample())
    moved = radius_of(changed["label"], 2) - 10
    assert min(0.6 * shift, shift) - 0.2 <= moved <= max(0.6 * shift, shift) + 0.2
    assert radius_of(changed["label"], 1) == pytest.approx(35, abs=0.3)  # far away nothing moves
    assert changed["label"].dtype == torch.uint8
    assert (((changed["image"][1] > 0.6) != (changed["label"][0] == 2)).float().mean()) < 0.005


def test_without_the_structure_nothing_changes() -> None:
    change = RandStructureSized(["image", "label"], classes=[7], shift=(4, 4), sigma=5, prob=1.0)
    changed = change(sample())
    assert all(torch.equal(changed[key], sample()[key]) for key in ("image", "label"))


def test_label_must_be_among_the_keys() -> None:
    with pytest.raises(ValueError, match="label_key"):
        RandStructureSized(["image"], classes=[1], shift=(0, 1), sigma=2)


def test_structures_change_their_brightness_one_by_one() -> None:
    change = RandStructureIntensityd("image", offset=0.1, num_classes=3, prob=1.0).set_random_state(0)
    before, after = sample(), change(sample())
    shift = (after["image"] - before["image"])[0]
    inner, ring = shift[38:42, 38:42], shift[38:42, 55:60]
    assert inner.std() < 1e-3
    assert ring.std() < 1e-3
    assert 0.005 < abs(float(inner.mean() - ring.mean())) < 0.2
    assert torch.equal(after["image"] == 0, before["image"] == 0)
    assert torch.equal(after["label"], before["label"])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_lesions_darken_a_share_of_the_white_matter_around_the_ventricles(share: float) -> None:
    change = RandWhiteMatterLesionsd(
        "image", classes=[1], ventricles=[2], share=(share, share), darker=(0.3, 0.3), prob=1.0
    ).set_random_state(0)
    before, after = sample(), change(sample())
    darker = torch.where(before["image"] > 0, 1 - after["image"] / before["image"], 0)
    lesion = (darker > 0.15)[0] & (before["label"][0] == 1)
    assert float(lesion.sum() / (before["label"] == 1).sum()) == pytest.approx(share, abs=0.04)
    assert float(darker.max()) <= 0.3 + 1e-5
    assert torch.equal(after["label"], before["label"])
    if share:
        radius = (torch.arange(-40, 40).square()[:, None] + torch.arange(-40, 40).square()).sqrt()
        near, far = (lesion[(radius > low) & (radius < low + 5)].float().mean() for low in (10, 25))
        assert near > far + 0.1


def test_no_white_matter_has_no_lesions() -> None:
    change = RandWhiteMatterLesionsd("image", classes=[7], ventricles=[2], prob=1.0)
    assert torch.equal(change(sample())["image"], sample()["image"])
