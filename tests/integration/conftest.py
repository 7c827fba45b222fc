"""A machine without a network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which connections to other machines are noted, which no process of this test gets."""
    paths = [str(ROOT / "tests/support/offline"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("REFUSED_CONNECTIONS", str(tmp_path / "refused"))
    return tmp_path / "refused"
