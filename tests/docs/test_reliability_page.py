"""The page of situations is what the tests say."""

from __future__ import annotations

from support.situations import PAGE, page, situations


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "make reliability writes it anew"


def test_page_has_every_situation_once() -> None:
    found = situations()
    assert len(found) >= 90
    assert len({(row.what, row.file) for row in found}) == len(found)
    assert sum(line.endswith(".py) |") for line in page().splitlines()) == len(found)
