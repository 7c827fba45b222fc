"""The page of a folder of results: which cases to look at first, and how volumes spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..runtime import CaseTables, atomic_write
from ..runtime.arguments import path_of
from ..transforms import AGREEMENT_KEY, CONFIDENCE_KEY
from .measures import brain_volume_ml, flags_in_words, mean_of, measure_structures
from .page_template import render_page
from .provenance import without_folders
from .strip_plot import StripPlot, strip_plot

__all__ = ["CohortCase", "cohort_page", "write_cohort_page"]


@dataclass(frozen=True)
class CohortCase:
    """A case of a cohort.

    Args:
        name: of the case.
        rows: its volume table, see :func:`monai_scse.reports.volume_table`. Values may be text.
        link: address of its page, relative to that of the cohort. Empty where there is none.
    """

    name: str
    rows: Sequence[Mapping[str, Any]]
    link: str = ""

    @property
    def flagged(self) -> int:
        """Number of flagged structures."""
        return sum(bool(row.get("qc")) for row in self.rows)

    @property
    def remarks(self) -> list[str]:
        """The flags in words."""
        return [f"{names}: {without_folders(why)}" for names, why in flags_in_words(self.rows).items()]

    @property
    def found(self) -> int:
        """Number of structures with a voxel."""
        return sum(int(row["voxels"]) > 0 for row in self.rows)

    @property
    def brain_ml(self) -> float:
        """See :func:`monai_scse.reports.brain_volume_ml`."""
        return brain_volume_ml(self.rows)

    @property
    def confidence(self) -> float:
        """Mean over the structures."""
        return mean_of(self.rows, CONFIDENCE_KEY)

    @property
    def agreement(self) -> float:
        """Mean over the structures."""
        return mean_of(self.rows, AGREEMENT_KEY)


def cohort_page(cases: Sequence[CohortCase], failures: Sequence[Mapping[str, str]] = ()) -> bytes:
    """A page of HTML with a sortable table of cases, flagged ones first, the failures, and plots of the volumes.

    Args:
        cases: those that are segmented.
        failures: case, reason and cure of the others.
    """
    ordered = sorted(cases, key=lambda case: (-case.flagged, _or_one(case.confidence), case.name))
    columns = [
        (name, title, decimals)
        for name, title, decimals in (
            ("brain_ml", "Brain, ml", 0),
            ("confidence", "Confidence", 2),
            ("agreement", "Agreement", 2),
        )
        if any(not math.isnan(getattr(case, name)) for case in cases)
    ]
    return render_page(
        "cohort.html",
        cases=ordered,
        columns=columns,
        flagged=sum(case.flagged > 0 for case in cases),
        failures=[{"case": row["case"], "text": _failure(row["reason"], row["cure"])} for row in failures],
        plots=_plots(cases),
    )


def _failure(reason: str, cure: str) -> str:
    """Two sentences."""
    return without_folders(f"{reason}. {cure[:1].upper()}{cure[1:]}".strip())


def _or_one(value: float) -> float:
    return 1.0 if math.isnan(value) else value


def _plots(cases: Sequence[CohortCase]) -> list[StripPlot]:
    """A plot for each structure, left beside right, where there is more than one case."""
    if len(cases) < 2:
        return []
    every = {row["structure"]: row for case in cases for row in case.rows}
    names = [row["structure"] for measure in measure_structures(list(every.values())) for row in measure.rows]
    values: dict[str, list[tuple[str, str, float, bool]]] = {name: [] for name in names}
    for case in cases:
        for row in case.rows:
            value = float(row["volume_mm3"]) / 1000
            values[row["structure"]].append((case.name, case.link, value, bool(row.get("qc"))))
    return [strip_plot(structure, points) for structure, points in values.items()]


def write_cohort_page(folder: str | Path) -> Path:
    """Write ``report.html``, the page of all cases of a folder, whatever process segmented them.

    Args:
        folder: folder of ``<case>_volumes.csv``, ``<case>_failure.csv`` and ``<case>_report.html``.

    Returns:
        the page.

    Raises:
        InputError: when it cannot be written.
    """
    folder = path_of("folder", folder)
    cases = []
    for name, rows in CaseTables(folder, "volumes").cases().items():
        file = f"{name}_report.html"
        link = quote(file, errors="surrogateescape") if (folder / file).is_file() else ""
        cases.append(CohortCase(name, rows, f"./{link}" if link else ""))
    failed = CaseTables(folder, "failure").cases()
    failures = [{"case": name, **row} for name, rows in failed.items() for row in rows]
    page = cohort_page(cases, failures)
    atomic_write(folder / "report.html", lambda path: path.write_bytes(page))
    return folder / "report.html"
