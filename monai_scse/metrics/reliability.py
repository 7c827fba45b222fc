"""How far repeated measurements of the same thing disagree."""

from __future__ import annotations

import math

from ..runtime.arguments import check_number

__all__ = ["coefficient_of_variation"]


def coefficient_of_variation(first: float, second: float) -> float:
    """Coefficient of variation of two measurements of the same quantity, in percent of their mean.

    The sample standard deviation of two values (one degree of freedom) is ``|a - b| / sqrt(2)``, so that::

        CoV = 100 * sd / mean = 100 * |a - b| / sqrt(2) / ((a + b) / 2).

    It estimates the within-subject standard deviation relative to the mean, from a test and a retest. Over several
    persons this package gives the arithmetic mean and the standard deviation of their CoV. The root mean square, which
    Glüer et al. recommend, is never smaller than that mean.

    Reference: J. M. Bland, D. G. Altman, "Measurement error proportional to the mean", BMJ 313 (1996) 106.
    C.-C. Glüer et al., "Accurate assessment of precision errors: how to measure the reproducibility of bone
    densitometry techniques", Osteoporosis International 5 (1995) 262-270.

    Args:
        first: a measurement, 0 or greater.
        second: its repetition, 0 or greater, in the same unit.

    Returns:
        Percent, from 0 to 141.4 (something is found once and missed once). NaN when both measurements are 0.

    Example:
        >>> round(coefficient_of_variation(950.0, 1050.0), 4)
        7.0711
    """
    check_number("first", first, 0)
    check_number("second", second, 0)
    mean = (first + second) / 2
    return 100 * abs(first - second) / math.sqrt(2) / mean if mean else math.nan
