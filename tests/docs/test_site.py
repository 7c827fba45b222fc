"""The documentation site: it builds without a warning, and its reference holds every public name."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import monai_scse

pytest.importorskip("pydata_sphinx_theme")
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/api"


def documented_modules() -> list[str]:
    text = "\n".join(page.read_text() for page in sorted(REFERENCE.glob("*.rst")))
    return re.findall(r"automodule:: (\S+)", text)


def public_objects() -> dict[str, object]:
    """The classes and functions that the documented modules export, by the name that imports them."""
    found = {}
    for module in map(importlib.import_module, documented_modules()):
        found |= {f"{module.__name__}.{name}": getattr(module, name) for name in module.__all__}
    return {name: value for name, value in found.items() if callable(value) and hasattr(value, "__qualname__")}


def test_every_sub_package_is_in_the_reference() -> None:
    packages = {
        f"monai_scse.{file.parent.relative_to(ROOT / 'monai_scse').as_posix().replace('/', '.')}"
        for file in (ROOT / "monai_scse").rglob("*/__init__.py")
        if "__all__" in file.read_text()
    }
    assert packages - set(documented_modules()) == {"monai_scse.cli"}, "the command is on the page segment"


def test_every_name_of_the_package_itself_is_in_the_reference() -> None:
    known = list(public_objects().values())
    missing = [name for name in monai_scse.__all__ if name != "Recal" and getattr(monai_scse, name) not in known]
    assert not missing


@pytest.mark.long
def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-c", "docs", "."]
    folders = ["-d", tmp_path / "doctrees", tmp_path / "html"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([*command, *folders], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    inventory = InventoryFile.loads((tmp_path / "html/objects.inv").read_bytes(), uri="")
    listed = {name for kind in ("py:class", "py:exception", "py:function") for name in inventory.data[kind]}
    assert public_objects().keys() - listed == set()
