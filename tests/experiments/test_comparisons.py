"""Statistics against numbers made by hand."""

from __future__ import annotations

import math

import pytest

from experiments.comparisons import holm, mean_interval, rank_biserial, signed_rank


def test_signed_rank_of_five_wins_is_the_smallest_p_of_five_pairs():
    assert signed_rank([0.1, 0.2, 0.3, 0.4, 0.5]) == pytest.approx(2 / 2**5)


def test_signed_rank_counts_the_sign_patterns_that_are_as_extreme():
    # ranks 1 -2 3 4 5: the negative ones sum to 2. The sums 0, 1 and 2 have one pattern each, as have those opposite
    assert signed_rank([0.1, -0.2, 0.3, 0.4, 0.5]) == pytest.approx(6 / 2**5)


def test_no_difference_has_p_one_and_no_effect():
    assert signed_rank([0.0, 0.0, 0.0]) == 1
    assert rank_biserial([0.0, 0.0]) == 0


@pytest.mark.parametrize(
    ("differences", "effect"),
    [
        ([1, 2, 3], 1),
        ([-1, -2, -3], -1),
        ([1, 2, -3], 0),
        ([3, -1, 2], (5 - 1) / 6),
        ([2, 2, -2, 0], (2 + 2 - 2) / 6),  # ties share their ranks, zero is left out
    ],
)
def test_rank_biserial(differences, effect):
    assert rank_biserial(differences) == pytest.approx(effect)


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        ([0.01], [0.01]),
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.2, 0.001, 0.5], [0.4, 0.003, 0.5]),
        ([0.6, 0.5], [1, 1]),
    ],
)
def test_holm(p_values, corrected):
    assert holm(p_values) == pytest.approx(corrected)


def test_interval_of_three_seeds():
    # standard error 1/sqrt(3), t quantile 4.302653 at two degrees of freedom
    low, high = mean_interval([1, 2, 3])
    assert (low, high) == pytest.approx((2 - 4.302653 / math.sqrt(3), 2 + 4.302653 / math.sqrt(3)))
    assert all(math.isnan(limit) for limit in mean_interval([1]))
