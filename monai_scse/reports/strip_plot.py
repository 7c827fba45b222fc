"""How a measure spreads over the cases of a cohort, as coordinates of a small drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["StripPlot", "StripPoint", "strip_plot"]

WIDTH = 320.0  # of the drawing, in its units
_MARGIN = 6.0
_MOST_POINTS = 200  # a larger cohort shows its flagged and its outlying cases only
_LANES = (0.0, 4.0, -4.0, 8.0, -8.0)


@dataclass(frozen=True)
class StripPoint:
    """A case in a plot: its place, its name and page, its value, and whether it is flagged."""

    x: float
    y: float
    case: str
    link: str
    value: float
    flagged: bool


@dataclass(frozen=True)
class StripPlot:
    """A plot of one structure: the range of its axis, quartiles and their places, and the points."""

    structure: str
    low: float
    high: float
    quartiles: tuple[float, float, float]
    places: tuple[float, float, float]
    points: tuple[StripPoint, ...]


def strip_plot(structure: str, values: Sequence[tuple[str, str, float, bool]]) -> StripPlot:
    """The plot of one structure. Flagged cases come last, so that they lie on top.

    Of more than 200 cases those are points that are flagged, or beyond the quartiles by more than 1.5 times their
    distance.

    Args:
        structure: its name.
        values: name, page, value and flag of each case.
    """
    numbers = np.array([value for _, _, value, _ in values])
    low, high = float(numbers.min()), float(numbers.max())
    first, median, third = (float(part) for part in np.percentile(numbers, (25, 50, 75)))
    reach = 1.5 * (third - first)

    def place(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(_MARGIN + share * (WIDTH - 2 * _MARGIN), 1)

    chosen = [
        one for one in values if len(values) <= _MOST_POINTS or one[3] or not first - reach <= one[2] <= third + reach
    ]
    points = []
    last_in_lane = [-np.inf] * len(_LANES)
    for case, link, value, flagged in sorted(chosen, key=lambda one: one[2]):
        x = place(value)
        free = next((lane for lane, taken in enumerate(last_in_lane) if x - taken >= 6), 0)
        last_in_lane[free] = x
        points.append(StripPoint(x, _LANES[free], case, link, value, flagged))
    points.sort(key=lambda point: point.flagged)
    places = (place(first), place(median), place(third))
    return StripPlot(structure, low, high, (first, median, third), places, tuple(points))
