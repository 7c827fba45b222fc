"""The versions that a bundle is tested with, compared with the installed ones."""

from __future__ import annotations

import json
import logging
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .arguments import path_of
from .errors import InputError

__all__ = ["check_versions"]

PACKAGE = "monai-scse"


def _installed(package: str) -> str:
    try:
        return version(package).split("+")[0]  # 2.13.0+cpu is 2.13.0
    except PackageNotFoundError:
        return "not installed"


def check_versions(bundle_root: str | Path) -> None:
    """Compare the versions that the metadata of a bundle name with the installed ones.

    Other packages than this one may differ: one warning lists them.

    Args:
        bundle_root: folder of the bundle. Nothing is checked when it has no ``configs/metadata.json``.

    Raises:
        InputError: when the metadata ask for another version of this package.
    """
    file = path_of("bundle_root", bundle_root) / "configs" / "metadata.json"
    if not file.is_file():
        return
    metadata = json.loads(file.read_text(encoding="utf-8"))
    wanted = {
        "monai": metadata["monai_version"],
        "torch": metadata["pytorch_version"],
        "numpy": metadata["numpy_version"],
        **metadata["required_packages_version"],
    }
    differing = {package: _installed(package) for package in wanted if _installed(package) != wanted[package]}
    if PACKAGE in differing:
        raise InputError(
            f"{file}: asks for {PACKAGE} {wanted[PACKAGE]}, and the installed version is {differing[PACKAGE]}; "
            f"pip install {PACKAGE}=={wanted[PACKAGE]}, or take the bundle of that version."
        )
    if differing:
        listed = ", ".join(f"{package} {wanted[package]} ({found})" for package, found in differing.items())
        logging.getLogger(__name__).warning(f"{file}: tested with {listed}; in brackets the versions found here.")
