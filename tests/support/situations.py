"""The table of docs/reliability.md, from the markers of the tests: ``python -m support.situations`` in ``tests/``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/reliability.md"
_TITLES = {
    "bundles": "A batch of scans",
    "runtime": "Start of a run, and files that it writes",
    "data": "Files and folders",
    "transforms": "Images",
    "dicom": "DICOM",
    "labels": "Labels",
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


def situations() -> list[Situation]:
    """The situations that tests mark, in the order of files and lines."""
    found = []
    for file in sorted(TESTS.rglob("test_*.py")):
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda node: node.lineno):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "situation":
                what, happens = (ast.literal_eval(argument) for argument in call.args)
                source = next((ast.literal_eval(each.value) for each in call.keywords if each.arg == "source"), "")
                found.append(Situation(what, happens, source, file.relative_to(TESTS.parent)))
    return found


def page() -> str:
    """The page in Markdown."""
    rows = situations()
    parts = [_HEAD]
    for folder, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| input | what happens | source | test |\n|---|---|---|---|\n")
        for row in rows:
            if row.file.parts[1] == folder:
                cells = (cell.replace("|", r"\|") for cell in (row.what, row.happens, row.source))
                parts.append(f"| {' | '.join(cells)} | [{row.file.name}](../{row.file}) |\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
