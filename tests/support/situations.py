"""The tables of docs/reliability.md and the pages below it, from the markers of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/reliability.md"
COLLECTED = pytest.StashKey[tuple[set[Path], list["Situation"]]]()  # files of all tests, and their situations
#: page: its title, and the folders or files of its tests with their titles
_PAGES = {
    "runs": (
        "Files, folders and runs",
        {
            "bundles": "A batch of scans",
            "data": "Files and folders",
            "bids": "BIDS data sets",
            "cli": "Commands",
            "runtime": "Start of a run, and files that it writes",
            "test_cohort.py": "Several processes",
        },
    ),
    "images": ("Images and labels", {"transforms": "Images", "labels": "Labels"}),
    "dicom": ("DICOM", {"dicom": "Series and files"}),
    "training": (
        "Training, reports and servers",
        {
            "handlers": "Weights and training",
            "backends": "Backends of the network",
            "reports": "Reports",
            "metrics": "Two scans of a person",
            "integration": "Processes, servers, machines without a network",
        },
    ),
}
_HEAD = """# What happens when the input is not as expected

A scan that cannot be used costs that scan alone. The others are segmented. `failures.csv` in the output folder has
case, file, reason and cure, and the exit status is 1. Each error is one line that names the file and the cure.

Each situation has a test. `make reliability` writes these pages from the tests.

| page | what it lists | situations |
|---|---|---|
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


def pages(rows: Sequence[Situation]) -> dict[Path, str]:
    """The pages in Markdown: the first one, and one for each kind of input."""
    written, index = {}, [_HEAD]
    for name, (title, folders) in _PAGES.items():
        parts, count = [f"# {title}\n"], 0
        for folder, heading in folders.items():
            cells = [_cells(row) for row in rows if row.file.parts[1] == folder]
            header = f"\n## {heading}\n\n| input | what happens | source | test |\n|---|---|---|---|\n"
            parts += [header, *cells]
            count += len(cells)
        written[PAGE.with_suffix("") / f"{name}.md"] = "".join(parts)
        index.append(f"| [{title}](reliability/{name}.md) | {', '.join(folders.values())} | {count} |\n")
    return {PAGE: "".join(index), **written}


def _cells(row: Situation) -> str:
    cells = (cell.replace("|", r"\|") for cell in (row.what, row.happens, row.source))
    return f"| {' | '.join(cells)} | [{row.file.name}](../../{row.file.as_posix()}) |\n"
