"""Puts the bundles of the repository into the package that is built, and README where it has no pages beside it.

All else is in setup.cfg.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

LEFT_OUT = ("__pycache__", "checkpoint.pt", "eval", "runs", ".*.part*", "*.plan")  # what runs leave in a bundle


class BuildWithBundles(build_py):
    """Copies each bundle to ``monai_scse/bundles``, with a file in place of each link to a shared config."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "monai_scse", "bundles")
        shutil.rmtree(target, ignore_errors=True)
        for bundle in sorted(Path(__file__).parent.glob("bundles/*_segmentation")):
            shutil.copytree(bundle, target / bundle.name, ignore=shutil.ignore_patterns(*LEFT_OUT))


def description() -> str:
    """README without pictures and links to files of the repository, which a registry does not have."""
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    text = re.sub(r"!\[[^]]*\]\((?!https?://)[^)]*\)\n+", "", text)
    return re.sub(r"\[([^]]*)\]\((?!https?://)[^)]*\)", r"\1", text)


setup(cmdclass={"build_py": BuildWithBundles}, long_description=description())
