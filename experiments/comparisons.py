"""Whether one network is better than another on the same cases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["holm", "mean_interval", "rank_biserial", "signed_rank"]


def signed_rank(differences: Sequence[float]) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test that paired differences are symmetric about zero.

    Args:
        differences: one a pair. The p-value is 1 when all are zero.
    """
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0


def rank_biserial(differences: Sequence[float]) -> float:
    """Effect size of Wilcoxon's signed-rank test: the matched-pairs rank-biserial correlation.

    It is the ranks of the positive differences less those of the negative ones, as a share of all ranks. It is 1 when
    every pair is better, 0 without effect, and -1 when every pair is worse. Reference: D. S. Kerby, "The simple
    difference formula", Comprehensive Psychology 3 (2014).

    Args:
        differences: one a pair. Zeros are left out.

    Example:
        >>> rank_biserial([0.1, 0.2, 0.3, -0.4])
        0.2
    """
    from scipy.stats import rankdata

    values = np.asarray(differences, dtype=float)
    values = values[values != 0]
    if not values.size:
        return 0.0
    ranks = rankdata(np.abs(values))
    return float(np.sum(np.sign(values) * ranks) / np.sum(ranks))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for the number of tests by Holm's step-down method, in the given order.

    Reference: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979).

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(steps, 1)
    return corrected.tolist()


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Confidence interval of the mean of a few normally distributed values, by Student's t.

    Args:
        values: for example one difference a seed. The limits are NaN for fewer than two.
        confidence: share of such intervals that hold the true mean.
    """
    from scipy.stats import ttest_1samp

    if len(values) < 2:
        return float("nan"), float("nan")
    interval = ttest_1samp(values, 0).confidence_interval(confidence)
    return float(interval.low), float(interval.high)
