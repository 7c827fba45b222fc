"""The table of docs/reliability.md, from the markers of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/reliability.md"
COLLECTED = pytest.StashKey[tuple[set[Path], list["Situation"]]]()  # files of all tests, and their situations
_TITLES = {
    "bundles": "A batch of scans",
    "test_cohort.py": "Several processes",
    "bids": "BIDS data sets",
    "cli": "Commands",
    "runtime": "Start of a run, and files that it writes",
    "data": "Files and folders",
    "transforms": "Images",
    "dicom": "DICOM",
    "labels": "Labels",
    "backends": "Backends of the network",
    "reports": "Reports",
    "metrics": "Two scans of a person",
    "handlers": "Weights and training",
    "integration": "Processes, servers, machines without a network",
}
_HEAD = """# What happens when the input is not as expected

A scan that cannot be used costs that scan alone. The others are segmented. `failures.csv` in the output folder has
case, file, reason and cure, and the exit status is 1. Each error is one line that names the file and the cure.

Each row is a test, which the last column names. `make reliability` writes this page from the tests.
"""


@dataclass(frozen=True)
class Situation:
    """What a user has, what happens then, who reports it, and the file of the test."""

    what: str
    happens: str
    source: str
    file: Path


def situations(items: Iterable[pytest.Item]) -> list[Situation]:
    """The situations that tests mark, each once, in the order of files and lines."""
    found = {
        Situation(*mark.args, mark.kwargs.get("source", ""), item.path.relative_to(TESTS.parent)): None
        for item in items
        for mark in item.iter_markers("situation")
    }
    return sorted(found, key=lambda situation: situation.file)


def page(rows: Sequence[Situation]) -> str:
    """The page in Markdown."""
    parts = [_HEAD]
    for folder, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| input | what happens | source | test |\n|---|---|---|---|\n")
        for row in rows:
            if row.file.parts[1] == folder:
                cells = (cell.replace("|", r"\|") for cell in (row.what, row.happens, row.source))
                parts.append(f"| {' | '.join(cells)} | [{row.file.name}](../{row.file}) |\n")
    return "".join(parts)
