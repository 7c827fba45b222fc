"""What a run found, in a few lines or as JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .run_cases import Outcome

__all__ = ["print_summary", "summarize"]


def summarize(output_dir: Path, outcome: Outcome, report: bool) -> dict[str, Any]:
    """The cases of a run with their seconds, structures and flags, its failures, and the page to open.

    Args:
        output_dir: folder of the results.
        outcome: what the run did.
        report: whether it wrote pages.
    """
    cases: list[dict[str, Any]] = []
    for case, took in outcome.seconds.items():
        with (output_dir / f"{case}_volumes.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        cases.append(
            {
                "case": case,
                "segmentation": str(output_dir / f"{case}_seg.nii.gz"),
                "seconds": round(took, 1),
                "structures": sum(int(row["voxels"]) > 0 for row in rows),
                "of": len(rows),
                "flags": {row["structure"]: row["qc"] for row in rows if row.get("qc")},
            }
        )
    return {
        "output_dir": str(output_dir),
        "report": _report(output_dir, [case["case"] for case in cases]) if report else None,
        "cases": cases,
        "failures": [{"case": failure.case, **failure.row} for failure in outcome.failures],
    }


def _report(output_dir: Path, cases: Sequence[str]) -> str | None:
    """The page to open: that of the only case, or that of all."""
    pages = [output_dir / f"{cases[0]}_report.html"] if len(cases) == 1 else []
    return next((str(page) for page in (*pages, output_dir / "report.html") if page.is_file()), None)


def _format_table(summary: Mapping[str, Any]) -> str:
    """The cases as lines of a table: case, seconds, structures found, flags."""
    rows = [("case", "seconds", "structures", "flags")]
    for case in summary["cases"]:
        found = f"{case['structures']} of {case['of']}"
        flags = "all structures" if len(case["flags"]) == case["of"] else ", ".join(case["flags"])
        rows.append((case["case"], f"{case['seconds']:.0f}", found, flags or "-"))
    rows += [(failure["case"], "-", "-", f"failed: {failure['reason']}") for failure in summary["failures"]]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].rjust(widths[2]), row[3]]) for row in rows
    )


def print_summary(summary: Mapping[str, Any], failures: Path, as_json: bool) -> None:
    """Print a summary, and where the results are.

    Args:
        summary: see :func:`summarize`.
        failures: table of the failures.
        as_json: whether to print it for scripts.
    """
    if as_json:
        click.echo(json.dumps(summary, indent=2))
        return
    _echo(_format_table(summary))
    _echo(f"Results: {summary['output_dir']}")
    if summary["failures"]:
        _echo(f"Failures: {failures}", err=True)
    if summary["report"]:
        _echo(f"Report: {summary['report']}")


def _echo(text: str, err: bool = False) -> None:
    """Print a text with names of files, which may hold what the terminal cannot show."""
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, errors="backslashreplace").decode(encoding), err=err)
