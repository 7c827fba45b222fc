"""The page of situations is what the tests say."""

from __future__ import annotations

import pytest
from support.situations import COLLECTED, PAGE, TESTS, page


def test_page_is_what_the_tests_mark(pytestconfig: pytest.Config) -> None:
    files, rows = pytestconfig.stash[COLLECTED]
    if set(TESTS.rglob("test_*.py")) - files:
        pytest.skip("only a part of the tests is collected")
    assert len(rows) >= 90
    text = page(rows)
    assert sum(line.endswith(".py) |") for line in text.splitlines()) == len(rows)
    assert PAGE.read_text() == text, "make reliability writes it anew"
