"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import monai_scse

MODULES = ["monai_scse", *(module.name for module in pkgutil.walk_packages(monai_scse.__path__, "monai_scse."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    documented = {test.name.rpartition(".")[2] for test in examples}
    assert {"SEUNet", "SESDNet", "SEFCDenseNet", "SpatialChannelSqueezeExcite", "get_recal_layer"} <= documented
