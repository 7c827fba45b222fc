"""Make a bundle that runs where monai_scse is not installed: the modules it needs, in ``scripts/`` beside its configs.

The package stays the one source. Modules are copied as they are, an ``__init__`` keeps the names that are used. As with
all bundles of the zoo that have ``scripts/``, Python finds them from the bundle's folder, or with it in ``PYTHONPATH``.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "monai_scse"
SCRIPTS = "scripts"
COMMANDS = "## MONAI Bundle Commands\n"
NOTE = f"""
This variant of the bundle needs no {PACKAGE}: `{SCRIPTS}/` holds the modules that its configs name. Run the commands in
this folder, or from anywhere with the folder in `PYTHONPATH`.
"""
_DOTTED = re.compile(rf"\b{PACKAGE}((?:\.[A-Za-z_]\w*)+)")


def _import_of(name: str, init: Path) -> ast.ImportFrom | None:
    """The statement by which an ``__init__`` takes a name from one of its modules, which may be called the same."""
    for node in ast.parse(init.read_text()).body:
        if isinstance(node, ast.ImportFrom) and name in {alias.asname or alias.name for alias in node.names}:
            return node
    return None


class _Closure:
    """The modules of a package that a set of dotted names needs, and the names each ``__init__`` has to give."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self.modules: set[Path] = set()
        self.exports: dict[Path, set[str]] = {package / "__init__.py": set()}

    def add_dotted(self, parts: tuple[str, ...]) -> None:
        """A name as a config writes it, such as ``("data", "split_cases")``. Attributes of classes may follow."""
        folder = self.package
        for position, part in enumerate(parts):
            if (folder / part).is_dir():
                folder /= part
                self.exports.setdefault(folder / "__init__.py", set())
            elif (folder / f"{part}.py").is_file() and (
                position < len(parts) - 1 or _import_of(part, folder / "__init__.py") is None
            ):
                self._add_module(folder / f"{part}.py")
                return
            else:
                self._add_name(folder, parts[position])
                return

    def _add_module(self, file: Path) -> None:
        if file in self.modules:
            return
        self.modules.add(file)
        for parent in file.relative_to(self.package).parents:
            self.exports.setdefault(self.package / parent / "__init__.py", set())
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                self._add_import(file.parent, node)

    def _add_import(self, folder: Path, node: ast.ImportFrom) -> None:
        for _ in range(node.level - 1):
            folder = folder.parent
        source = tuple(node.module.split(".")) if node.module else ()
        for alias in node.names:
            self.add_dotted((*folder.relative_to(self.package).parts, *source, alias.name))

    def _add_name(self, folder: Path, name: str) -> None:
        """A name that the ``__init__`` of a folder takes from a module of that folder."""
        init = folder / "__init__.py"
        if name in self.exports.setdefault(init, set()):
            return
        self.exports[init].add(name)
        if (node := _import_of(name, init)) is not None:
            self._add_import(folder, ast.ImportFrom(node.module, [ast.alias(name)], node.level))
            return
        raise ValueError(f"{init}: {name} is not imported there; name the module that defines it.")


def _reduced_init(init: Path, names: Iterable[str]) -> str:
    """The ``__init__`` with only these names."""
    names = set(names)
    lines = ['"""Generated from monai_scse (Apache-2.0): the part that this bundle needs."""', ""]
    for node in ast.parse(init.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            node.names = [alias for alias in node.names if (alias.asname or alias.name) in names]
            if node.names:
                lines.append(ast.unparse(node))
    return "\n".join([*lines, ""])


def write_scripts(texts: Iterable[str], package: Path, scripts: Path) -> None:
    """Copy the modules that configs name, all that these import, and the folders of other files beside them.

    Args:
        texts: the contents of the configs.
        package: folder of the package.
        scripts: the folder to fill.
    """
    closure, named = _Closure(package), set()
    for text in texts:
        for dotted in _DOTTED.findall(text):
            parts = tuple(dotted.strip(".").split("."))
            closure.add_dotted(parts)
            named.add(parts[0])
    files = {file: file.read_text() for file in closure.modules}
    files |= {init: _reduced_init(init, names) for init, names in closure.exports.items()}
    files[package / "__init__.py"] += f"from . import {', '.join(sorted(named))}\n"  # an expression reaches them
    for file, text in files.items():
        target = scripts / file.relative_to(package)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for folder in {file.parent for file in closure.modules} - {package}:
        for data in folder.iterdir():
            if data.is_dir() and not any(data.rglob("*.py")) and data.name != "__pycache__":
                shutil.copytree(data, scripts / data.relative_to(package))


def make_self_contained(bundle: Path, package: Path) -> None:
    """Turn a copy of a bundle into one that does without the package.

    Args:
        bundle: the copy, changed in place.
        package: folder of the package.
    """
    configs = [file for file in sorted((bundle / "configs").rglob("*")) if file.suffix in (".json", ".yaml")]
    texts = {file: file.read_text() for file in configs if file.name != "metadata.json"}
    write_scripts(texts.values(), package, bundle / SCRIPTS)
    for file, text in texts.items():
        file.write_text(re.sub(rf"\b{PACKAGE}\b", SCRIPTS, text))
    metadata_file = bundle / "configs" / "metadata.json"
    metadata = json.loads(metadata_file.read_text())
    metadata["required_packages_version"].pop("monai-scse", None)
    metadata_file.write_text(json.dumps(metadata, indent=4) + "\n")
    card = bundle / "docs" / "README.md"
    card.write_text(card.read_text().replace(COMMANDS, COMMANDS + NOTE))
