"""Means and deviations of measures over cases, for each structure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["summarize_structures"]


def summarize_structures(table: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """Mean and standard deviation of measures, a row a structure and a last one, ``all structures``.

    Args:
        table: a row a case and structure, with the column structure. Empty entries are not counted.
        measures: columns to summarize.

    Returns:
        The columns ``<measure>_mean`` and ``<measure>_std``, by structure in the order of the table.
    """
    import pandas as pd

    overall = table.assign(structure="all structures")
    summary = pd.concat([table, overall]).groupby("structure", sort=False)[list(measures)].agg(["mean", "std"])
    summary.columns = ["_".join(column) for column in summary.columns]
    return summary
