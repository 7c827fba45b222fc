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


@pytest.mark.long
def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-c", "docs", "."]
    folders = ["-d", tmp_path / "doctrees", tmp_path / "html"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run([*command, *folders], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    inventory = InventoryFile.loads((tmp_path / "html/objects.inv").read_bytes(), uri="")
    listed = {name for kind, names in inventory.data.items() if kind.startswith("py:") for name in names}
    assert not missing_names(listed)
