"""Slabs of label maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from monai_scse.synthetic.label_slabs import RandLabelSlabd


@pytest.mark.parametrize("slice_dim", [0, 1, 2])
def test_a_slab_is_the_map_at_transformed_places(slice_dim: int) -> None:
    numbers = np.random.default_rng(0).integers(1, 500, (20, 24, 28)).astype(np.int16)
    cut = RandLabelSlabd(["image", "label"], [5], [14, 10], slice_dim=slice_dim, magnitude=0.0).set_random_state(1)
    maps = {"image": torch.from_numpy(numbers[None]), "label": torch.from_numpy((numbers % 28).astype(np.uint8)[None])}
    slab = cut(maps)
    ordered = np.moveaxis(numbers, slice_dim, 0)
    centred = np.indices((5, 14, 10)).reshape(3, -1) - np.array([[2], [6.5], [4.5]])
    places = cut._matrix @ centred + cut._centre[:, None]
    expected = map_coordinates(ordered, places, order=0, mode="nearest").reshape(5, 14, 10)
    assert (slab["image"].numpy() == expected).mean() > 0.999  # halves are rounded to either side
    assert slab["image"].dtype == torch.int16
    assert (slab["label"].numpy()[0] == (expected % 28)[2]).mean() > 0.999
    assert slab["label"].dtype == torch.uint8


def test_the_deformation_is_smooth_and_as_large_as_asked() -> None:
    cut = RandLabelSlabd(["label"], [5], [160, 160], rotate=0, shear=0, scale=0, translate=0, magnitude=3.0)
    moves = []
    for seed in range(20):
        cut.set_random_state(seed).randomize((100, 160, 160))
        grid = torch.from_numpy(np.indices((5, 160, 160)).astype(np.float32))
        move = cut._positions() - grid
        moves.append(move[1:])
        assert move.diff(dim=-1).abs().max() < 1  # never folds far
    assert 1 < float(torch.stack(moves).std()) < 3  # less between the knots than on them


def test_every_place_of_the_map_is_drawn_and_beyond_it_the_border_goes_on() -> None:
    numbers = torch.arange(30, dtype=torch.int16).view(1, 1, 30, 1).repeat(1, 12, 1, 12)
    cut = RandLabelSlabd(["label"], [3], [16, 16], rotate=0, shear=0, scale=0, magnitude=0).set_random_state(0)
    found = {int(cut({"label": numbers})["label"][0, 8, 8]) for _ in range(400)}
    assert found == set(range(30))
