"""What is prepared of a label map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_closing, distance_transform_edt

from monai_scse.labels import structure_table
from monai_scse.synthetic.label_maps import BrainDistanced, GrowClassesd


def ball(radius: float, shape: tuple[int, int, int] = (40, 48, 44)) -> np.ndarray:
    grid = np.stack(np.meshgrid(*(np.arange(n) - n / 2 for n in shape), indexing="ij"))
    return np.linalg.norm(grid, axis=0) < radius


def test_distance_is_that_from_the_closed_brain() -> None:
    inside, gap = ball(15), np.zeros((40, 48, 44), dtype=bool)
    gap[18:21, 24:, :] = True  # a sulcus of 3 mm
    numbers = np.where(inside & ~gap, 3, np.where(inside, 24, 507))
    measured = BrainDistanced("image")({"image": torch.from_numpy(numbers[None])})
    structure = ball(4.5, (11, 11, 11))
    closed = binary_closing(np.pad(inside & ~gap, 8), structure)[8:-8, 8:-8, 8:-8]
    expected = distance_transform_edt(~closed) - distance_transform_edt(closed)
    difference = np.abs(measured["distance"][0].numpy() - expected)
    assert measured["distance"].dtype == torch.int8
    assert difference.mean() < 1  # it is measured on a grid of 2 mm
    assert (measured["distance"][0].numpy()[(expected < -3)] < 0).all()
    assert (measured["distance"][0].numpy()[(expected > 3)] > 0).all()


def test_the_sample_covers_the_brain_and_what_is_outside_is_negative() -> None:
    numbers = np.where(ball(15), 3, 507).astype(np.int16)
    sample = BrainDistanced("image")({"image": torch.from_numpy(numbers[None])})["sample"]
    assert set(sample.unique().tolist()) <= {-1, 3, 507}
    share = float((sample == 3).float().mean())
    assert share == pytest.approx(4 / 3 * np.pi * 15**3 / 34**3, abs=0.15)


def test_a_structure_grows_into_the_background_alone() -> None:
    table = structure_table([{"name": name, "colour": [9, 9, 9]} for name in ("cortex", "stem", "other cortex")])
    label = torch.zeros(1, 7, 7, 1, dtype=torch.uint8)
    label[0, 3, 2], label[0, 3, 3], label[0, 3, 4] = 1, 2, 3
    grown = GrowClassesd("label", table, ["cortex", "other cortex"])({"label": label})["label"][0, :, :, 0]
    expected = torch.zeros(7, 7, dtype=torch.uint8)
    expected[2:5, 2], expected[3, 1] = 1, 1
    expected[2:5, 4], expected[3, 5] = 3, 3
    expected[3, 3] = 2
    assert torch.equal(grown, expected)
    assert int(label.count_nonzero()) == 3
