"""The code in the pages runs, and the files that they name are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from monai.bundle import ConfigParser
from support.phantom_brains import TILTED, phantom, save_case

from monai_scse.networks.layers import Recal

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "results/**/*.md", "bundles/*/docs/*.md")
    for page in ROOT.glob(pattern)
    if "_build" not in page.parts
)
#: kinds of code blocks: Python runs, JSON is built, commands are in test_docs_commands.py, text is output to read
LANGUAGES = {"python", "json", "bash", "text", "bibtex", "", "{toctree}"}


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


with_python = [page for page in PAGES if blocks(page, "python")]
with_json = [page for page in PAGES if blocks(page, "json")]


@pytest.fixture
def folder_of_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a scan ``T1.nii.gz`` in it."""
    save_case(tmp_path, "T1", *phantom(0), TILTED)
    (tmp_path / "images/T1.nii.gz").rename(tmp_path / "T1.nii.gz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", with_python, ids=page_id)
def test_python_code_runs(page: Path, folder_of_a_reader: Path) -> None:
    code = "\n".join(blocks(page, "python"))
    if "onnxruntime" in code:
        pytest.importorskip("onnxruntime")
    registered = set(Recal.components)
    try:
        exec(compile(code, str(page), "exec"), {"__name__": "page"})
    finally:
        for name in set(Recal.components) - registered:
            del Recal.components[name]


@pytest.mark.parametrize("page", with_json, ids=page_id)
def test_configs_are_built(page: Path) -> None:
    for block in blocks(page, "json"):
        parser = ConfigParser()
        parser.update(json.loads(block))
        for name in parser.get():
            assert parser.get_parsed_content(name) is not None


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(), flags=re.MULTILINE)
    assert set(fences[::2]) <= LANGUAGES
    assert set(fences[1::2]) <= {""}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT / "docs"], ids=page_id)
def test_page_is_short(page: Path) -> None:
    lines = len(page.read_text().splitlines())
    assert lines <= 150 or page.name == "synthetic_ct_sources.md", "a page has at most 150 lines"
