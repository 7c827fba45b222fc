"""Print the folders of tests whose long ones a change must pass, one a line."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def git(*words: str) -> list[str]:
    """The lines that git prints, none where it fails."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def changed_files() -> list[str]:
    """Files that differ from the last landed main, or from the commit before where there is none."""
    head = git("rev-parse", "HEAD")
    base = git("merge-base", "HEAD", "origin/main")
    if not base or base == head:
        base = ["HEAD~1"]
    return git("diff", "--name-only", base[0])


def tests_of(file: str) -> str | None:
    """The folder of the tests of a file, or None."""
    top, *rest = Path(file).parts
    if top == "bundles":
        folder = "tests/bundles"
    elif top == "integrations":
        folder = "tests/integration"
    elif top in ("docs", "experiments"):
        folder = f"tests/{top}"
    elif top in ("monai_scse", "tests") and len(rest) > 1:
        folder = f"tests/{rest[0]}"
    else:
        return None
    return folder if any((ROOT / folder).rglob("test_*.py")) else None


if __name__ == "__main__":
    for folder in sorted({tests for file in changed_files() if (tests := tests_of(file))}):
        print(folder)
