"""The Python code in README and docs runs, and the files that they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monai_scse.networks.layers import Recal

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_python_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "onnx" in page.name:
        pytest.importorskip("onnxruntime")
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    if not blocks:
        pytest.skip("no Python code on this page")
    monkeypatch.chdir(tmp_path)
    registered = set(Recal.components)
    try:
        exec(compile("\n".join(blocks), str(page), "exec"), {"__name__": "page"})
    finally:
        for name in set(Recal.components) - registered:
            del Recal.components[name]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link
