"""What a report says of the volumes of a case: pairs, sides, shares, sums."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "StructureMeasures",
    "asymmetry",
    "brain_volume_ml",
    "flags_in_words",
    "is_brain",
    "mean_of",
    "measure_structures",
]


def asymmetry(left: float, right: float) -> float:
    """The difference of two sides as a share of their mean: positive where the left one is larger. NaN without both.

    Args:
        left: volume of the left structure.
        right: volume of the right one, in the same unit.

    Example:
        >>> asymmetry(left=11.0, right=9.0)
        0.2
    """
    return 2 * (left - right) / (left + right) if left and right else math.nan


def is_brain(names: Sequence[str]) -> bool:
    """Whether structures of these names are those of a brain."""
    return any("cerebral" in name for name in names)


def brain_volume_ml(rows: Sequence[Mapping[str, Any]]) -> float:
    """The sum of all structures of a brain but its ventricles, in ml. NaN where the rows are of no brain.

    Args:
        rows: see :func:`monai_scse.reports.volume_table`. Their values may be text.
    """
    if not is_brain([row["structure"] for row in rows]):
        return math.nan
    return sum(float(row["volume_mm3"]) for row in rows if "ventricle" not in row["structure"].split()) / 1000


def mean_of(rows: Sequence[Mapping[str, Any]], column: str) -> float:
    """The mean of a column over the structures that have a value, NaN where none has.

    Args:
        rows: see :func:`monai_scse.reports.volume_table`. Their values may be text.
        column: name of the column.
    """
    values = [float(row[column]) for row in rows if row.get(column) not in (None, "")]
    values = [value for value in values if not math.isnan(value)]
    return sum(values) / len(values) if values else math.nan


def flags_in_words(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Why structures are flagged, by the names of all those with the same reason.

    Args:
        rows: see :func:`monai_scse.reports.volume_table`.

    Example:
        >>> rows = [{"structure": "liver", "qc": ""}, {"structure": "spleen", "qc": "removed: 2.0 ml"}]
        >>> flags_in_words(rows)
        {'spleen': 'removed: 2.0 ml'}
    """
    names: dict[str, list[str]] = {}
    for row in rows:
        if row.get("qc"):
            names.setdefault(str(row["qc"]), []).append(row["structure"])
    every = len(rows) if len(rows) > 1 else 0
    return {"all structures" if len(found) == every else ", ".join(found): why for why, found in names.items()}


@dataclass(frozen=True)
class StructureMeasures:
    """A line of a report: a pair of structures, or one without sides.

    Args:
        name: of the pair, without the side.
        left: row of the volume table of the left structure, None for one without sides.
        right: that of the right one.
        middle: that of a structure without sides.
    """

    name: str
    left: Mapping[str, Any] | None = None
    right: Mapping[str, Any] | None = None
    middle: Mapping[str, Any] | None = None

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The rows of the volume table: left, right, or the only one."""
        return [row for row in (self.left, self.right, self.middle) if row is not None]

    @property
    def volume_mm3(self) -> float:
        """The volume of both sides."""
        return float(sum(row["volume_mm3"] for row in self.rows))

    @property
    def asymmetry(self) -> float:
        """See :func:`asymmetry`."""
        if self.left is None or self.right is None:
            return math.nan
        return asymmetry(self.left["volume_mm3"], self.right["volume_mm3"])


def measure_structures(rows: Sequence[Mapping[str, Any]]) -> list[StructureMeasures]:
    """The structures of a volume table, left and right in one line, in the order in which they come first.

    Args:
        rows: see :func:`monai_scse.reports.volume_table`.
    """
    by_name = {row["structure"]: row for row in rows}
    measures: dict[str, StructureMeasures] = {}
    for name, row in by_name.items():
        pair = name.removeprefix("left ").removeprefix("right ")
        left, right = by_name.get(f"left {pair}"), by_name.get(f"right {pair}")
        if name != pair and left is not None and right is not None:
            measures.setdefault(pair, StructureMeasures(pair, left=left, right=right))
        else:
            measures[name] = StructureMeasures(name, middle=row)
    return list(measures.values())
