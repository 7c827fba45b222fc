"""Leftovers of the skull and whole heads as random transforms."""

from __future__ import annotations

import numpy as np
import torch

from monai_scse.synthetic.head_transforms import RandHeadTissued, RandWholeHeadd


def disk() -> torch.Tensor:
    """A slab of five slices through a ball."""
    grid = np.stack(np.meshgrid(np.arange(-2, 3), np.arange(-40, 40), np.arange(-40, 40), indexing="ij"))
    return torch.from_numpy((np.linalg.norm(grid, axis=0) < 25).astype(np.float32) * 0.8)


def test_leftovers_lie_around_the_brain_within_their_reach() -> None:
    image = disk()
    add = RandHeadTissued("image", prob=1.0, reach=(4, 4), whole=0.0).set_random_state(0)
    around = add({"image": image})["image"]
    assert torch.equal(around[image > 0], image[image > 0])
    radius = torch.linspace(-40, 39, 80).square().add(torch.linspace(-40, 39, 80).square()[:, None]).sqrt()
    assert 0 < (around[2] * (radius > 26)).max() <= 1
    assert (around[2] * (radius > 25 + 4 + 4 * 4)).max() == 0  # four standard deviations beyond the reach
    assert torch.equal(image, disk())


def test_arrays_and_tensors_are_taken_alike() -> None:
    made = [
        RandHeadTissued("image", prob=1.0).set_random_state(0)({"image": image})["image"]
        for image in (disk(), disk().numpy())
    ]
    assert isinstance(made[1], np.ndarray)
    assert np.array_equal(made[0].numpy(), made[1])


def test_spacing_is_that_of_the_scan_whatever_axis_the_slices_are_counted_along() -> None:
    made = [
        RandHeadTissued("image", prob=1.0, spacing=spacing, slice_dim=slice_dim).set_random_state(0)({"image": disk()})
        for spacing, slice_dim in (((3, 1, 2), 0), ((1, 3, 2), 1), ((1, 2, 3), 2))
    ]
    assert torch.equal(made[0]["image"], made[1]["image"])
    assert torch.equal(made[0]["image"], made[2]["image"])


def test_keys_of_a_sample_share_the_tissue() -> None:
    add = RandHeadTissued(["image", "image2"], prob=1.0).set_random_state(0)
    sample = {"image": disk(), "image2": 0.5 * disk()}
    first, second = add(sample), add(sample)
    outside = disk() == 0
    assert first["image"][outside].any()
    assert torch.equal(first["image"][outside], first["image2"][outside])
    assert torch.equal(first["image2"][~outside], sample["image2"][~outside])
    assert not torch.equal(first["image"], second["image"])


def test_keys_of_a_sample_share_the_whole_head() -> None:
    ball = torch.nn.functional.interpolate(disk()[None, 2:3].repeat(1, 20, 1, 1)[:, None], (20, 26, 26))[0]
    add = RandWholeHeadd(["image", "image2"], spacing=(3, 3, 3), prob=1.0).set_random_state(0)
    headed = add({"image": ball, "image2": ball.clone()})
    assert torch.equal(headed["image"], headed["image2"])
    assert not torch.equal(headed["image"], add({"image": ball, "image2": ball})["image"])


def test_the_call_draws_nothing_after_randomize() -> None:
    add = RandHeadTissued("image", prob=1.0).set_random_state(0)
    add.randomize()
    state = add.R.get_state()[1].tolist()
    add.randomize = lambda data=None: None
    first, second = (add({"image": disk()})["image"] for _ in range(2))
    assert torch.equal(first, second)
    assert add.R.get_state()[1].tolist() == state


def test_all_of_the_head_can_be_left() -> None:
    add = RandHeadTissued("image", prob=1.0, whole=1.0).set_random_state(1)
    shares = [float((add({"image": disk()})["image"] > 0).float().mean()) for _ in range(5)]
    assert min(shares) > 1.2 * float((disk() > 0).float().mean())


def test_no_brain_no_tissue_and_none_by_chance() -> None:
    empty = {"image": torch.zeros(5, 20, 20)}
    assert not RandHeadTissued("image", prob=1.0)(empty)["image"].any()
    assert torch.equal(RandHeadTissued("image", prob=0.0)({"image": disk()})["image"], disk())


def test_whole_head_marks_the_brain() -> None:
    ball = torch.nn.functional.interpolate(disk()[None, 2:3].repeat(1, 20, 1, 1)[:, None], (20, 26, 26))[0]
    headed = RandWholeHeadd("image", spacing=(3, 3, 3), prob=1.0).set_random_state(0)({"image": ball})
    assert headed["image"].shape == headed["label"].shape
    assert headed["image"].min() == 0
    assert headed["image"].max() == 1
    assert int(headed["label"].sum()) == int((ball > 0).sum())
    plain = RandWholeHeadd("image", spacing=(3, 3, 3), prob=0.0)({"image": ball})
    assert torch.equal(plain["image"], ball)
    assert torch.equal(plain["label"] > 0, ball > 0)
