"""What importing the package loads, and what MONAI finds by name."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import monai_scse

# the generators of synthetic scans, and libraries that a block or network does not need
HEAVY = (
    "ignite",
    "openvino",
    "nncf",
    "onnxruntime",
    "nibabel",
    "itk",
    "matplotlib",
    "pandas",
    "nilearn",
    "scipy",
    "tensorboard",
    "skimage",
)
MODULES = [module.name for module in pkgutil.walk_packages(monai_scse.__path__, "monai_scse.")]
PACKAGES = [module.name for module in pkgutil.walk_packages(monai_scse.__path__, "monai_scse.") if module.ispkg]
BLOCK = {"spatial_dims": 2, "in_channels": 4}
NETWORK = {"spatial_dims": 2, "in_channels": 1, "out_channels": 2, "features": 4}
TARGETS = {
    "SEUNet": ("networks.nets", NETWORK),
    "SESDNet": ("networks.nets", NETWORK),
    "SEFCDenseNet": ("networks.nets", NETWORK),
    "ChannelSqueezeExcite": ("networks.blocks", BLOCK),
    "SpatialSqueezeExcite": ("networks.blocks", BLOCK),
    "SpatialChannelSqueezeExcite": ("networks.blocks", {**BLOCK, "merge": "max"}),
    "ProjectExcite": ("networks.blocks", BLOCK),
    "ArgmaxSliceInferer": ("inferers", {"spatial_dim": 2}),
    "AutocastInferer": ("inferers", {"amp": False}),
    "LoadScand": ("transforms", {"keys": "image"}),
    "CheckLabelGridd": ("transforms", {"keys": "label"}),
    "MapLabelsd": ("transforms", {"keys": "label", "protocol": "classes", "structures": []}),
    "RandLateralFlipd": ("transforms", {"keys": ["label"], "structures": []}),
    "RandSlabTruncationd": ("transforms", {"keys": "image"}),
    "StackAdjacentSlicesd": ("transforms", {"keys": "image", "num_slices": 3}),
    "TimeBudget": ("handlers", {"minutes": 5}),
}

OBSERVE = """
import contextlib, io, json, sys, warnings

import monai
from monai.bundle import ConfigParser
from monai.bundle.config_item import ComponentLocator

config = json.loads(sys.stdin.read())
locator = ComponentLocator()
locator.get_component_module_name("UNet")
before = set(sys.modules)
said = io.StringIO()
with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
    warnings.simplefilter("always")
    ConfigParser({"imports": config["imports"]}).get_parsed_content("imports")
    import monai_scse
    for name in dir(monai_scse):
        getattr(monai_scse, name)  # each is imported when it is first used
after = set(sys.modules)
with warnings.catch_warnings(record=True) as ambiguous:
    warnings.simplefilter("always")
    parser = ConfigParser(config)
    parser.get_parsed_content("imports")
    built = {key: type(parser.get_parsed_content(key)) for key in config if key != "imports"}
print(json.dumps({
    "core": sorted(locator._components_table),
    "before": sorted(before),
    "added": sorted(after - before),
    "said": said.getvalue(),
    "warned": [str(warning.message) for warning in warned],
    "ambiguous": [str(warning.message) for warning in ambiguous],
    "built": {key: f"{value.__module__}.{value.__name__}" for key, value in built.items()},
}))
"""


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happens in a fresh process that imports MONAI, then this package from a bundle's ``imports``."""
    config: dict[str, Any] = {"imports": ["$import monai_scse"]}
    for name, (package, arguments) in TARGETS.items():
        config[f"short {name}"] = {"_target_": name, **arguments}
        config[f"dotted {name}"] = {"_target_": f"monai_scse.{package}.{name}", **arguments}
    done = subprocess.run(
        [sys.executable, "-c", OBSERVE],
        input=json.dumps(config),
        cwd=tmp_path_factory.mktemp("elsewhere"),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def public_components() -> dict[str, set[str]]:
    """Every class and function of an ``__all__``, and the modules that define one of this name."""
    places: dict[str, set[str]] = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", []):
            value = getattr(module, public)
            if inspect.isclass(value) or inspect.isfunction(value):
                places.setdefault(public, set()).add(value.__module__)
    return places


@pytest.mark.parametrize("package", HEAVY)
def test_import_adds_nothing_heavy_to_what_monai_loads(observed: dict[str, Any], package: str) -> None:
    assert not [name for name in observed["added"] if name.partition(".")[0] == package]


def test_import_is_silent(observed: dict[str, Any]) -> None:
    assert observed["said"] == ""
    assert observed["warned"] == []


def test_import_loads_no_generator(observed: dict[str, Any]) -> None:
    assert "monai_scse" not in observed["before"]
    assert "monai_scse" in observed["added"]
    assert [name for name in observed["added"] if name.startswith(("monai_scse.synthetic", "experiments"))] == []


def test_top_level_names_are_few_and_exist() -> None:
    assert 10 <= len(monai_scse.__all__) <= 14
    assert [name for name in monai_scse.__all__ if not hasattr(monai_scse, name)] == []
    packages = {name for name in PACKAGES if name.count(".") == 1}
    lazy = {f"monai_scse.{name}" for name in set(dir(monai_scse)) - set(monai_scse.__all__)}
    assert packages - lazy == {"monai_scse.bids", "monai_scse.cli", "monai_scse.synthetic"}, "what configs never name"
    assert lazy <= packages


@pytest.mark.parametrize(("first", "second"), [("monai", "monai_scse"), ("monai_scse", "monai")])
def test_norms_are_among_those_of_monai_in_either_order(first: str, second: str) -> None:
    code = f"import {first}, {second}; from monai.networks.layers import Norm; print('BATCH_SCSE' in Norm.names)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines()[-1:] == ["True"], done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_importable_by_its_real_path(package: str) -> None:
    assert importlib.import_module(package).__name__ == package


def test_modules_that_are_attributes_are_importable_by_that_path() -> None:
    modules = {name: value for name, value in vars(monai_scse).items() if inspect.ismodule(value)}
    found = {name: importlib.import_module(f"monai_scse.{name}") for name in modules}
    assert found == modules


def test_no_public_name_collides_with_core(observed: dict[str, Any]) -> None:
    core = set(observed["core"])
    assert "UNet" in core
    assert "SEUNet" not in core
    assert sorted(core.intersection(public_components())) == []


def test_every_public_name_is_defined_once() -> None:
    assert {name: where for name, where in public_components().items() if len(where) > 1} == {}


@pytest.mark.parametrize("style", ["short", "dotted"])
@pytest.mark.parametrize("name", TARGETS)
def test_target_resolves_in_a_bundle(observed: dict[str, Any], name: str, style: str) -> None:
    found = observed["built"][f"{style} {name}"]
    assert found.startswith(f"monai_scse.{TARGETS[name][0]}.")
    assert found.endswith(f".{name}")


def test_no_target_is_ambiguous(observed: dict[str, Any]) -> None:
    assert [message for message in observed["ambiguous"] if "more than 1 component" in message] == []


@pytest.mark.parametrize("name", ["monai_scse", *MODULES])
def test_all_lists_existing_public_names(name: str) -> None:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    assert len(set(names)) == len(names)
    assert all(hasattr(module, public) and not public.startswith("_") for public in names)
    assert module.__doc__


def test_modules_declare_their_public_names() -> None:
    without = [name for name in MODULES if not hasattr(importlib.import_module(name), "__all__")]
    assert [name for name in without if Path(importlib.import_module(name).__file__).name != "__init__.py"] == []
