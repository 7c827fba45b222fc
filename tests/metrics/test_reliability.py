"""The coefficient of variation against numpy and numbers made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from monai_scse.metrics import coefficient_of_variation


@pytest.mark.parametrize(
    ("first", "second", "percent"),
    [(100, 100, 0), (9, 11, 100 * math.sqrt(2) / 10), (11, 9, 100 * math.sqrt(2) / 10), (0, 5, 100 * math.sqrt(2))],
)
def test_by_hand(first, second, percent):
    assert coefficient_of_variation(first, second) == pytest.approx(percent)


def test_is_the_sample_standard_deviation_over_the_mean():
    for pair in np.random.default_rng(0).uniform(1, 1000, (20, 2)):
        assert coefficient_of_variation(*pair) == pytest.approx(100 * pair.std(ddof=1) / pair.mean())


def test_two_zeros_have_none():
    assert math.isnan(coefficient_of_variation(0, 0))
