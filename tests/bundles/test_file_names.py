"""Scans with names that files of users have: segmented, and tables that other programs read."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from support.scan_files import situation
from support.tiny_runs import TinyRun, check_outcome

from monai_scse.data import case_name


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    return TinyRun("ct", tmp_path_factory.mktemp("names"), overlay=True)


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("scan") / "scan.nii.gz"
    voxels = np.random.default_rng(0).normal(-100, 300, (10, 11, 12)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([9.0, 9, 9, 1])), file)
    return file


@pytest.mark.parametrize(
    "name",
    [
        situation("A file name with spaces", "segmented", "scan of May", source="reported by users of dcm2niix"),
        situation("A file name in Chinese or with umlauts", "segmented", "Sch\u00e4del_\u626b\u63cf"),
        situation("A file name with dots", "segmented under the whole name", "1.2.840.3"),
        situation("A file name with a comma and quotes", "its rows stay whole in the tables", 'Doe, "J"'),
        situation("A file name with a line break", "its rows stay whole in the tables", "two\nlines"),
        situation("A file name with dollar signs, which pictures take for formulas", "segmented", "a$x_^{$b"),
        situation("A file name with ': ' and '; '", "segmented", "a: b; c"),
        situation("A file name with brackets and wildcards", "segmented", "[a]*?"),
        situation("A file name with '#' or '::'", "segmented", "a#b::c"),
        situation("A file name of an older system, which is not UTF-8", "segmented", os.fsdecode(b"Sch\xe4del")),
        situation("A file name of 240 characters", "segmented", "x" * 240),
    ],
)
def test_odd_name(run: TinyRun, scan: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest-xdist cannot send log lines with such names
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    file = shutil.copy(scan, tmp_path / f"{name}.nii.gz")
    assert check_outcome(run, file).segmentation == run.output / f"{name}_seg.nii.gz"
    listed = set(pd.read_csv(run.output / "volumes.csv", dtype=str)["case"])
    assert listed == {name.encode(errors="backslashreplace").decode()}


@pytest.mark.situation("A suffix in capitals, .NII.GZ", "read and segmented")
def test_suffix_in_capitals(run: TinyRun, scan: Path, tmp_path: Path) -> None:
    file = shutil.copy(scan, tmp_path / "a.NII.GZ")
    assert check_outcome(run, file).segmentation == run.output / "a_seg.nii.gz"


@pytest.mark.situation("A case with a name too long for the files of its results", "a row of failures.csv says so")
def test_name_too_long(run: TinyRun, scan: Path, tmp_path: Path) -> None:
    file = shutil.copy(scan, tmp_path / f"{'x' * 248}.nii.gz")
    outcome = run(file)
    assert outcome.segmentation is None
    (row,) = pd.read_csv(run.output / "failures.csv").to_dict("records")
    assert row["reason"] == "cannot be written (File name too long)"
    assert row["cure"] == "give the scan a shorter name."


@pytest.mark.situation("A bad file whose name holds ': '", "failures.csv names the whole path")
def test_bad_file_with_a_colon(run: TinyRun, tmp_path: Path) -> None:
    file = tmp_path / "a: b.nii.gz"
    file.write_bytes(b"")
    assert run(file).segmentation is None
    (row,) = pd.read_csv(run.output / "failures.csv").to_dict("records")
    assert (row["case"], row["file"]) == (case_name(file), str(file))


@pytest.mark.situation("A bad file whose name holds a line break", "refused in one line")
def test_bad_file_with_a_line_break(run: TinyRun, tmp_path: Path) -> None:
    file = tmp_path / "two\nlines.nii.gz"
    file.write_bytes(b"")
    outcome = run(file)
    assert "\n" not in outcome.message
    assert r"two\nlines.nii.gz: cannot be read as an image, the file is empty" in outcome.message
