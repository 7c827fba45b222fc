"""Slabs of neighbouring slices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_scse.transforms import RandSlabTruncationd, StackAdjacentSlicesd


@pytest.mark.parametrize("num_slices", [1, 3, 5, 11])
@pytest.mark.parametrize("spatial_dim", [0, 1, 2])
def test_every_channel_is_the_volume_shifted_with_the_ends_repeated(spatial_dim: int, num_slices: int) -> None:
    volume = torch.randn(1, 4, 5, 3)
    stacked = StackAdjacentSlicesd("image", num_slices, spatial_dim)({"image": volume})["image"]
    assert stacked.shape == (num_slices, 4, 5, 3)
    size = volume.shape[spatial_dim + 1]
    for channel in range(num_slices):
        for position in range(size):
            source = min(max(position + channel - num_slices // 2, 0), size - 1)
            np.testing.assert_array_equal(
                np.take(stacked[channel].numpy(), position, spatial_dim),
                np.take(volume[0].numpy(), source, spatial_dim),
            )


def test_one_slice_leaves_the_volume_as_it_is() -> None:
    volume = torch.randn(1, 3, 4, 5)
    assert torch.equal(StackAdjacentSlicesd("image", 1)({"image": volume})["image"], volume)


def test_other_entries_and_the_place_in_space_are_kept() -> None:
    affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0], dtype=torch.float64))
    sample = {"image": MetaTensor(torch.randn(1, 3, 4, 5), affine=affine), "label": torch.zeros(1, 3, 4, 5)}
    stacked = StackAdjacentSlicesd(["image"], 3)(sample)
    assert stacked["label"] is sample["label"]
    assert torch.equal(stacked["image"].affine, affine)
    assert sample["image"].shape == (1, 3, 4, 5)


@pytest.mark.parametrize("num_slices", [0, 2, 4, -1])
def test_num_slices_out_of_range(num_slices: int) -> None:
    with pytest.raises(ValueError, match=rf"num_slices must be odd and positive, got {num_slices}"):
        StackAdjacentSlicesd("image", num_slices)


def test_a_scan_ends_within_a_slab_as_it_does_at_its_last_slices() -> None:
    volume = torch.arange(1.0, 10.0).view(1, 1, 1, 9)
    slab = StackAdjacentSlicesd("image", 5, 2)({"image": volume})["image"][..., 4]
    ends = RandSlabTruncationd("image", prob=1.0).set_random_state(0)
    found = {tuple(ends({"image": slab})["image"].flatten().tolist()) for _ in range(50)}
    assert found == {(3, 4, 5, 5, 5), (3, 4, 5, 6, 6), (5, 5, 5, 6, 7), (4, 4, 5, 6, 7)}
    assert slab.flatten().tolist() == [3, 4, 5, 6, 7]
    cut = StackAdjacentSlicesd("image", 5, 2)({"image": volume[..., :6]})["image"]
    assert tuple(cut[..., 4].flatten().tolist()) in found
    assert tuple(cut[..., 5].flatten().tolist()) == (4, 5, 6, 6, 6)


def test_ends_are_as_frequent_as_asked_and_the_seed_decides() -> None:
    slab = torch.arange(5.0).view(5, 1, 1)
    draws = [
        [torch.equal(ends({"image": slab})["image"], slab) for _ in range(200)]
        for ends in (RandSlabTruncationd("image", prob=0.2).set_random_state(seed) for seed in (0, 0, 1))
    ]
    assert draws[0] == draws[1] != draws[2]
    assert 140 < sum(draws[0]) < 180


def test_all_keys_end_at_the_same_slice() -> None:
    ends = RandSlabTruncationd(["image", "prior"], prob=1.0).set_random_state(0)
    for _ in range(20):
        slab = torch.arange(5.0).view(5, 1, 1)
        ended = ends({"image": slab, "prior": slab + 10})
        assert torch.equal(ended["image"] + 10, ended["prior"])


def test_slabs_of_an_even_number_of_slices_have_no_middle() -> None:
    with pytest.raises(ValueError, match="'image' must have an odd number of slices, got 4"):
        RandSlabTruncationd("image")({"image": torch.ones(4, 2, 2)})


def test_a_single_slice_has_no_end_within() -> None:
    assert torch.equal(
        RandSlabTruncationd("image", prob=1.0)({"image": torch.ones(1, 2, 2)})["image"], torch.ones(1, 2, 2)
    )
