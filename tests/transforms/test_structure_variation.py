"""Structures that grow, shrink and change their brightness."""

from __future__ import annotations

import pytest
import torch

from monai_scse.labels import Structure
from monai_scse.transforms import RandStructureIntensityd, RandStructureSized, RandWhiteMatterLesionsd

KEYS = ["image", "label"]
STRUCTURES = [Structure(name, (0, 0, 0)) for name in ("background", "white matter", "ventricle", "elsewhere")]


def sample() -> dict[str, torch.Tensor]:
    """Class 1 is a disk, class 2 a small one of radius 10 in its middle. Three slices of an image show them."""
    radius = (torch.arange(-40, 40).square()[:, None] + torch.arange(-40, 40).square()).sqrt()
    label = ((radius < 35).int() + (radius < 10).int())[None].to(torch.uint8)
    return {"image": (label.float() * 0.4).repeat(3, 1, 1), "label": label}


def radius_of(label: torch.Tensor, index: int) -> float:
    return float(((label >= index).sum() / torch.pi).sqrt())


@pytest.mark.parametrize("shift", [4.0, -3.0, 0.0])
def test_edge_moves_and_takes_the_image_along(shift: float) -> None:
    change = RandStructureSized(KEYS, STRUCTURES, ["ventricle"], shift_mm=(shift, shift), sigma_mm=5, prob=1.0)
    changed = change(sample())
    moved = radius_of(changed["label"], 2) - 10
    assert min(0.6 * shift, shift) - 0.2 <= moved <= max(0.6 * shift, shift) + 0.2
    assert radius_of(changed["label"], 1) == pytest.approx(35, abs=0.3)  # far away nothing moves
    assert changed["label"].dtype == torch.uint8
    assert (((changed["image"][1] > 0.6) != (changed["label"][0] == 2)).float().mean()) < 0.005


def test_without_the_structure_nothing_changes() -> None:
    change = RandStructureSized(KEYS, STRUCTURES, ["elsewhere"], shift_mm=(4, 4), sigma_mm=5, prob=1.0)
    changed = change(sample())
    assert all(torch.equal(changed[key], sample()[key]) for key in ("image", "label"))


def test_label_must_be_among_the_keys() -> None:
    with pytest.raises(ValueError, match="label_key"):
        RandStructureSized(["image"], STRUCTURES, ["ventricle"], shift_mm=(0, 1), sigma_mm=2)


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


def test_left_and_right_change_their_brightness_alike_where_asked() -> None:
    sides = [Structure(name, (0, 0, 0)) for name in ("background", "left putamen", "right putamen")]
    change = RandStructureIntensityd("image", offset=0.1, num_classes=3, prob=1.0, alike=sides).set_random_state(0)
    shift = (change(sample())["image"] - sample()["image"])[0]
    assert abs(float(shift[40, 40])) > 0.005
    assert float(shift[40, 40]) == pytest.approx(float(shift[40, 57]), abs=1e-5)
    with pytest.raises(ValueError, match="alike must hold num_classes=4 classes, got 3"):
        RandStructureIntensityd("image", offset=0.1, num_classes=4, alike=sides)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_lesions_darken_a_share_of_the_white_matter_around_the_ventricles(share: float) -> None:
    change = RandWhiteMatterLesionsd(
        "image", STRUCTURES, ["white matter"], ["ventricle"], share=(share, share), darker=(0.3, 0.3), prob=1.0
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
    change = RandWhiteMatterLesionsd("image", STRUCTURES, ["elsewhere"], ["ventricle"], prob=1.0)
    assert torch.equal(change(sample())["image"], sample()["image"])


def every_change(**options: object) -> list:
    """All three transforms for the keys "image", "prior" and "label"."""
    keys = ["image", "prior"]
    return [
        RandStructureSized([*keys, "label"], STRUCTURES, ["ventricle"], (2, 4), 5, prob=1.0, **options),
        RandStructureIntensityd(keys, offset=0.1, num_classes=4, prob=1.0, **options),
        RandWhiteMatterLesionsd(keys, STRUCTURES, ["white matter"], ["ventricle"], (0.1, 0.2), prob=1.0, **options),
    ]


@pytest.mark.parametrize("number", range(3))
def test_keys_share_their_draw_and_the_input_stays(number: int) -> None:
    before = {**sample(), "prior": sample()["image"]}
    after = every_change()[number].set_random_state(3)(before)
    assert torch.equal(after["image"], after["prior"])
    assert not torch.equal(after["image"], before["image"])
    assert all(torch.equal(before[key], sample()[key]) for key in KEYS)


@pytest.mark.parametrize("number", range(3))
def test_missing_keys_are_allowed_where_asked(number: int) -> None:
    with pytest.raises(KeyError):
        every_change()[number](sample())
    changed = every_change(allow_missing_keys=True)[number](sample())
    assert set(changed) == set(KEYS)
    without_label = every_change(allow_missing_keys=True)[number]({"image": sample()["image"]})
    assert torch.equal(without_label["image"], sample()["image"])


def test_pixels_of_half_a_millimetre_move_as_far_in_millimetres() -> None:
    coarse, fine = (
        RandStructureSized(KEYS, STRUCTURES, ["ventricle"], (4 * mm, 4 * mm), 5 * mm, spacing=mm, prob=1.0)(sample())
        for mm in (1.0, 0.5)
    )
    assert torch.equal(coarse["label"], fine["label"])


def test_class_that_is_no_structure_is_named() -> None:
    with pytest.raises(ValueError, match="structures must hold the classes, got no cortex"):
        RandStructureSized(KEYS, STRUCTURES, ["cortex"], (0, 1), 2)
