"""Fixtures that several test modules share."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import absl.logging
import nibabel
import numpy as np
import pytest
import torch
from support.situations import COLLECTED, pages, situations

# its handler, which comes with OpenVINO and TensorBoard, would close the stream of the first test that imports it
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__
sys.modules.setdefault("openvino_telemetry", None)  # OpenVINO connects to nobody, whoever imports it

DATA = Path(os.environ.get("MONAI_SCSE_DATA", Path(__file__).parents[2] / "shared/data"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-situations", action="store_true", help="write docs/reliability.md and its pages")


@pytest.hookimpl(tryfirst=True)  # before tests are deselected
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    rows = situations(items)
    config.stash[COLLECTED] = {item.path for item in items}, rows
    if config.getoption("--write-situations"):
        for file, text in pages(rows).items():
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)


@pytest.fixture(autouse=True)
def _levels_of_loggers() -> Iterator[None]:
    """A command in this process makes the loggers of the package quiet, for itself alone."""
    yield
    for name in logging.root.manager.loggerDict:
        if name.startswith("monai_scse"):
            logging.getLogger(name).setLevel(logging.NOTSET)


def _existing(path: Path, what: str) -> Path:
    if not path.exists():
        pytest.skip(f"{what} not at {path}; MONAI_SCSE_DATA names the folder of the test data")
    return path.resolve()


@pytest.fixture
def malc2012() -> Path:
    return _existing(DATA / "malc2012", "the MALC 2012 scans are")


@pytest.fixture
def example_ct() -> Path:
    return _existing(DATA / "totalsegmentator_example", "the example CT is")


@pytest.fixture
def synthseg_maps() -> Path:
    return _existing(DATA / "synthseg_label_maps", "the label maps of whole heads are")


@pytest.fixture
def metadata_schema() -> str:
    """Address of the schema that the metadata of both bundles name."""
    return _existing(DATA.parent / "schemas/meta_schema_20240725.json", "the metadata schema is").as_uri()


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def scripted() -> Callable[[torch.nn.Module], torch.nn.Module]:
    """TorchScript a module, save it and load it again."""

    def save_and_reload(module: torch.nn.Module) -> torch.nn.Module:
        stream = io.BytesIO()
        torch.jit.save(torch.jit.script(module), stream)
        stream.seek(0)
        return torch.jit.load(stream)

    return save_and_reload


@pytest.fixture
def write_nifti() -> Callable[[Path, np.ndarray], Path]:
    """Write an array as NIfTI with 1 mm voxels, in RAS."""

    def write(path: Path, array: np.ndarray) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)
        return path

    return write
