"""The documentation site: it builds without a warning, no link in it is dead, its reference holds every public name."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

import monai_scse

pytest.importorskip("pydata_sphinx_theme")
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/api"


def reference_text() -> str:
    return "\n".join(page.read_text() for page in sorted(REFERENCE.glob("*.rst")))


def documented_modules() -> list[str]:
    return re.findall(r"automodule:: (\S+)", reference_text())


def public_names() -> set[str]:
    """What the documented modules export, by the name that imports it."""
    modules = map(importlib.import_module, documented_modules())
    return {f"{module.__name__}.{name}" for module in modules for name in module.__all__}


def missing_names(listed: set[str]) -> set[str]:
    """Public names that are not listed. A constant is listed by the file that defines it, within its package."""
    packages_of_files = {f"{name.rsplit('.', 2)[0]}.{name.rsplit('.', 1)[1]}" for name in listed if name.count(".") > 2}
    return public_names() - listed - packages_of_files


def test_every_sub_package_is_in_the_reference() -> None:
    packages = {
        f"monai_scse.{file.parent.relative_to(ROOT / 'monai_scse').as_posix().replace('/', '.')}"
        for file in (ROOT / "monai_scse").rglob("*/__init__.py")
        if "__all__" in file.read_text()
    }
    assert packages - set(documented_modules()) == {"monai_scse.cli"}, "the command is on the page segment"


def test_every_name_of_the_package_itself_is_in_the_reference() -> None:
    assert set(monai_scse.__all__) <= {name.rsplit(".", 1)[1] for name in public_names()}


def test_a_name_that_the_reference_lacks_is_found() -> None:
    listed = public_names() - {"monai_scse.transforms.QC_KEY", "monai_scse.losses.LogitAdjustedLoss"}
    assert missing_names(listed | {"monai_scse.transforms.plausibility.QC_KEY"}) == {
        "monai_scse.losses.LogitAdjustedLoss"
    }


def test_every_name_is_in_one_of_the_groups_of_its_page() -> None:
    grouped = re.findall(r"automodule:: (\S+)\n   :no-members:", reference_text())
    listed = set(re.findall(r"auto(?:class|function|data):: (?:\S+\.)?(\w+)", reference_text()))
    for module in map(importlib.import_module, grouped):
        missing = [name for name in module.__all__ if name not in listed]
        assert not missing, f"list these of {inspect.getmodulename(module.__file__)} in docs/api: {missing}"


def dead_links(site: Path) -> list[str]:
    """Links within a built site that lead to no file, or to a place that its page lacks."""
    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html") if "_static" not in page.parts}
    places = {page: set(re.findall(r'\b(?:id|name)="([^"]+)"', text)) for page, text in pages.items()}
    dead = []
    for page, text in pages.items():
        for link in set(re.findall(r'\b(?:href|src)="([^"]+)"', text)):
            target, _, place = unescape(link).partition("#")
            if re.match(r"[a-z]+:|//", target):
                continue
            file = (page.parent / unquote(target.partition("?")[0])).resolve() if target else page
            if not file.exists() or (place and file in places and unquote(place) not in places[file]):
                dead.append(f"{page.relative_to(site)}: {link}")
    return sorted(dead)


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#here"></a><a href="b.html#there"></a><img src="c.png">')
    (tmp_path / "b.html").write_text('<p id="here"></p><a href="https://monai.io">x</a><a href="#here">y</a>')
    assert dead_links(tmp_path) == ["a.html: b.html#there", "a.html: c.png"]


@pytest.mark.long
def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-c", "docs", "."]
    folders = ["-D", "plot_gallery=0", "-d", tmp_path / "doctrees", tmp_path / "html"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([*command, *folders], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    inventory = InventoryFile.loads((tmp_path / "html/objects.inv").read_bytes(), uri="")
    assert not dead_links(tmp_path / "html")
    listed = {name for kind, names in inventory.data.items() if kind.startswith("py:") for name in names}
    assert not missing_names(listed)
