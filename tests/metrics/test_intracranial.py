"""The estimated intracranial volume against shapes whose hull is known, and against whole labelled heads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from monai_scse.labels import Structure
from monai_scse.metrics import estimated_intracranial_volume, intracranial_measures

STRUCTURES = [
    Structure(name, (0, 0, 0))
    for name in ("background", "left lateral ventricle", "right lateral ventricle", "left cerebral cortex")
]


def brain(shape: tuple[int, ...] = (20, 20, 20)) -> np.ndarray:
    """A cuboid of 10 x 8 x 6 voxels with ventricles of 4 and 2 voxels."""
    classes = np.zeros(shape, dtype=np.uint8)
    classes[2:12, 3:11, 4:10] = 3
    classes[5:9, 5, 5] = 1
    classes[5:7, 8, 5] = 2
    return classes


def hull(*lengths: int) -> float:
    """A cuboid without its edges: the box of its voxels' centres, half a voxel more at each face, less at each edge."""
    a, b, c = (length - 1 for length in lengths)
    return a * b * c + (a * b + b * c + a * c) + (a + b + c) / 2 + 1 / 6


def test_by_hand():
    assert intracranial_measures(brain(), (1, 1, 1), STRUCTURES) == pytest.approx((hull(10, 8, 6), 6))
    assert estimated_intracranial_volume(brain(), (1, 1, 1), STRUCTURES) == pytest.approx(
        0.908 * hull(10, 8, 6) + 2.147 * 6
    )


def test_counts_the_size_of_the_voxels():
    assert intracranial_measures(brain(), (0.5, 1, 3), STRUCTURES) == pytest.approx((1.5 * hull(10, 8, 6), 9))


def test_a_gap_in_the_brain_is_inside_the_skull():
    classes = brain()
    classes[4:10, 7:11, 6:10] = 0  # open to the front and to the top
    assert intracranial_measures(classes, (1, 1, 1), STRUCTURES)[0] == pytest.approx(hull(10, 8, 6))


def test_the_hull_of_a_ball_is_the_ball():
    ball = (np.indices((61, 61, 61)) - 30) ** 2
    classes = np.where(ball.sum(axis=0) < 28**2, 3, 0)
    classes[30:] = 0  # half of one: the hull is no box
    measured = intracranial_measures(classes, (1, 1, 1), STRUCTURES)[0]
    assert measured == pytest.approx(2 / 3 * math.pi * 28**3, rel=0.04)


def test_one_voxel_has_a_hull():
    classes = np.zeros((3, 3, 3), dtype=np.uint8)
    classes[1, 1, 1] = 1
    assert intracranial_measures(classes, (2, 2, 2), STRUCTURES) == pytest.approx((8 / 6, 8))


def test_a_stray_part_far_from_the_brain_does_not_count():
    classes = brain()
    classes[19, 19, 19] = 3
    assert intracranial_measures(classes, (1, 1, 1), STRUCTURES)[0] == pytest.approx(hull(10, 8, 6))


def test_is_the_same_in_each_direction():
    turned = brain().transpose(2, 0, 1)[:, ::-1]
    assert intracranial_measures(turned, (1, 1, 1), STRUCTURES) == pytest.approx((hull(10, 8, 6), 6))


@pytest.mark.parametrize("missing", [(1, 2, 3), (1, 2)])
def test_without_a_brain_or_ventricles_there_is_no_estimate(missing):
    classes = np.where(np.isin(brain(), missing), 0, brain())
    assert math.isnan(estimated_intracranial_volume(classes, (1, 1, 1), STRUCTURES))
