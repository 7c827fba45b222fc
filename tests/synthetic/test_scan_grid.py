"""Thick slices, brain masks and what a scan looks like on a grid of 1 mm again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from monai_scse.synthetic.scan_grid import RandScanGridd, _sampling


def sample(volume: torch.Tensor, distance: float = -9.0) -> dict[str, torch.Tensor]:
    return {"image": volume, "distance": torch.full(volume.shape, distance)}


def scan(volume: torch.Tensor, **options: Any) -> torch.Tensor:
    options = {"leftover": 0.0, "reach": (0.0, 0.0), **options}
    return RandScanGridd("image", **options).set_random_state(0)(sample(volume))["image"]


@pytest.mark.parametrize(("spacing", "phase"), [(1.0, 0.0), (3.0, 1.2), (5.5, 4.9)])
def test_sampling_is_what_loops_give(spacing: float, phase: float) -> None:
    to_scan, to_voxels = _sampling(30, spacing, 0.4 * spacing, phase)
    values = np.random.default_rng(0).random(30)
    samples, places = [], []
    place = phase
    while place < 30:
        weights = [np.exp(-((voxel - place) ** 2) / (2 * (0.4 * spacing) ** 2)) for voxel in range(30)]
        samples.append(sum(w * v for w, v in zip(weights, values)) / sum(weights))
        places.append(place)
        place += spacing
    np.testing.assert_allclose(to_scan @ values, samples)
    np.testing.assert_allclose(to_voxels @ samples, np.interp(range(30), places, samples))


def test_thin_slices_keep_the_image_but_for_their_blur() -> None:
    volume = torch.rand(1, 20, 20, 20)
    assert torch.allclose(scan(volume, thick=0.0, width=(0.05, 0.05)), volume.clamp(min=1e-3), atol=1e-4)
    assert scan(volume, thick=0.0, width=(0.5, 0.5)).std() < 0.7 * volume.std()


def test_slices_are_thick_along_one_axis() -> None:
    volume = torch.rand(1, 30, 30, 30, generator=torch.Generator().manual_seed(0))
    thick = scan(volume, thick=1.0, thickness=(5.0, 5.0), width=(0.3, 0.3))
    steps = [float(thick.diff(dim=axis).abs().mean()) for axis in (1, 2, 3)]
    assert sorted(steps)[0] < 0.4 * sorted(steps)[1]


def test_the_middle_slices_are_those_of_the_whole_slab() -> None:
    slab = torch.rand(21, 24, 24, generator=torch.Generator().manual_seed(0))
    for seed in range(8):
        whole, middle = (
            RandScanGridd("image", thick=0.8, num_slices=count, leftover=0.0, reach=(0, 0)).set_random_state(seed)
            for count in (None, 5)
        )
        torch.testing.assert_close(middle(sample(slab))["image"], whole(sample(slab))["image"][8:13])


def test_the_mask_ends_where_the_distance_is_out_of_reach() -> None:
    distance = torch.arange(40.0).view(1, 40, 1, 1).repeat(1, 1, 40, 40) - 20
    data = {"image": torch.ones(1, 40, 40, 40), "distance": distance}
    kept = [
        float((RandScanGridd("image", thick=0, leftover=0, reach=(mm, mm))(data)["image"] > 0).float().mean())
        for mm in (-4, 0, 4)
    ]
    np.testing.assert_allclose(kept, [16.5 / 40, 20.5 / 40, 24.5 / 40], atol=0.02)
    assert (RandScanGridd("image", leftover=0, unstripped=1.0)(data)["image"] > 0).all()


def test_noise_belongs_to_the_grid_of_the_scan() -> None:
    shapes = []

    def note(image: torch.Tensor) -> torch.Tensor:
        shapes.append(image.shape)
        return image

    scan(torch.rand(1, 30, 30, 30), thick=1.0, thickness=(5.0, 5.0), transform=note)
    assert sorted(shapes[0]) == [6, 30, 30]


def test_tissue_stays_above_the_background() -> None:
    assert (scan(torch.full((1, 9, 9, 9), -0.5), thick=0.0) > 0).all()
