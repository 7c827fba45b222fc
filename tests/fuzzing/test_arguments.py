"""Arguments of all that is public: an error that names the argument, or an object that works."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import calls_of_data, calls_of_networks, calls_of_transforms
from support.calls import ODD, Call, public_names
from support.scan_files import nifti

TABLES = (calls_of_data, calls_of_networks, calls_of_transforms)
CALLS: dict[str, Call] = {name: call for table in TABLES for name, call in table.CALLS.items()}
NUMBERS = st.one_of(st.integers(-20, 20), st.floats(-20, 20))
VALUES = st.one_of(st.sampled_from(ODD), NUMBERS, st.text("abc 1.", max_size=5), st.lists(NUMBERS, max_size=4))


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arguments")
    for part in ("images", "labels", "test", "retest"):
        (folder / part).mkdir()
        nifti(folder / part / "a.nii.gz")
        nifti(folder / part / "b.nii.gz")
    torch.save({"weight": torch.ones(1, 1)}, folder / "weights.pt")
    torch.save({"objects": {}, "iteration": 1, "epoch_length": 1}, folder / "checkpoint.pt")
    return folder


@pytest.fixture(autouse=True)
def _in_data_set(data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a copy of a data set, beside the files of no other test."""
    shutil.copytree(data_set, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("table", TABLES)
def test_table_is_complete(table):
    assert sorted(public_names(table.MODULES)) == sorted([*table.CALLS, *table.EXCEPTIONS])


@pytest.mark.parametrize("name", CALLS)
def test_plausible_arguments(name):
    CALLS[name].check()


@pytest.mark.parametrize(
    ("name", "argument"), [(name, argument) for name, call in CALLS.items() for argument in call.names]
)
def test_an_odd_argument(name, argument):
    for value in ODD:
        CALLS[name].check(**{argument: value})


@pytest.mark.long
@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
@settings(max_examples=200)
def test_several_odd_arguments(name, data):
    odd = st.dictionaries(st.sampled_from(CALLS[name].names), VALUES, min_size=1, max_size=3)
    CALLS[name].check(**data.draw(odd))
