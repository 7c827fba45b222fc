"""Links of a bundle's pages in the archives of the zoo."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CARD = """![picture](overlay.png) and [another](overlay.png), [the paper](https://arxiv.org/abs/1803.02579),
[below](#limits), [the training
log](../../../results/brain/log.md#latency) and [use](../../../docs/bundles.md), [weights](../models/model.pt)."""


@pytest.fixture
def links(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "integrations/zoo")
    import links

    return links


def rewritten(links, url: str | None) -> str:
    bundle = Path("repository/bundles/brain")
    return links.links_from_anywhere(CARD, bundle / "docs/README.md", bundle, Path("repository"), url)


def test_links_out_of_the_bundle_become_absolute(links):
    assert rewritten(links, "https://example.org/scse/blob/v1.0.0") == CARD.replace(
        "../../../", "https://example.org/scse/blob/v1.0.0/"
    )


def test_files_are_named_where_the_repository_has_no_url(links):
    text = rewritten(links, None)
    assert (
        "the training\nlog (`results/brain/log.md` in the repository of monai_scse) and use (`docs/bundles.md`" in text
    )
    assert "[below](#limits)" in text
    assert "[weights](../models/model.pt)" in text


@pytest.mark.parametrize(
    ("line", "url"), [("Source = https://example.org/scse", "https://example.org/scse"), ("", None)]
)
def test_url_is_that_of_the_project(links, tmp_path, line, url):
    (tmp_path / "setup.cfg").write_text(f"[metadata]\nproject_urls =\n    Paper = https://arxiv.org\n    {line}\n")
    assert links.repository_url(tmp_path / "setup.cfg") == url


@pytest.mark.parametrize("page", sorted((ROOT / "bundles").glob("*/docs/*.[mt][dx]*")), ids=lambda page: page.parts[-3])
def test_no_page_of_a_bundle_keeps_a_link_out_of_it(links, page):
    bundle = page.parents[1]
    text = links.links_from_anywhere(page.read_text(), page, bundle, ROOT, None)
    assert "../../" not in text
