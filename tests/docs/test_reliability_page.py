"""The pages of situations are what the tests say."""

from __future__ import annotations

import pytest
from support.situations import COLLECTED, TESTS, pages


def test_pages_are_what_the_tests_mark(pytestconfig: pytest.Config) -> None:
    files, rows = pytestconfig.stash[COLLECTED]
    if set(TESTS.rglob("test_*.py")) - files:
        pytest.skip("only a part of the tests is collected")
    assert len(rows) >= 90
    written = pages(rows)
    assert sum(line.endswith(".py) |") for text in written.values() for line in text.splitlines()) == len(rows)
    for file, text in written.items():
        assert file.read_text() == text, "make reliability writes it anew"
