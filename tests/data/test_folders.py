"""Folders as systems, archives and users leave them: what is a case of them, and what the log says of the rest."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.dicom_files import write_dicom_series
from support.scan_files import refusal, situation

from monai_scse.data import image_cases
from monai_scse.runtime import InputError


def _scan(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4), dtype=np.uint8), np.eye(4)), file)


def _series(folder: Path) -> None:
    write_dicom_series(folder, np.zeros((4, 5, 6)), (1, 1, 1))


def _of_macos(folder: Path) -> None:
    (folder / "._a.nii.gz").write_bytes(b"\0\5\x16\7" + bytes(4092))
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "__MACOSX").mkdir()


def _of_windows(folder: Path) -> None:
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(508))
    (folder / "desktop.ini").write_text("[.ShellClassInfo]\r\n")


def _table(folder: Path) -> None:
    (folder / "participants.csv").write_text("case,age\na,50\n")


def _empty_folders(folder: Path) -> None:
    (folder / "empty/emptier").mkdir(parents=True)


def _loop(folder: Path) -> None:
    (folder / "up").symlink_to(folder)


JUNK = [
    situation(
        "Files of macOS beside scans (.DS_Store, ._name)",
        "left alone",
        _of_macos,
        source="reported by users of MIST",
    ),
    situation("Files of Windows beside scans (Thumbs.db, desktop.ini)", "left alone", _of_windows),
    situation("A table beside scans", "left alone", _table),
    situation("Empty folders beside scans", "left alone", _empty_folders),
    situation("A link to its own folder", "not followed for ever", _loop),
]


@pytest.mark.parametrize("add", JUNK)
def test_other_files_beside_scans(tmp_path: Path, add: Callable[[Path], None]) -> None:
    _scan(tmp_path / "a.nii.gz")
    add(tmp_path)
    assert image_cases(tmp_path) == [{"image": str(tmp_path / "a.nii.gz")}]


@pytest.mark.parametrize("add", [_of_macos, _of_windows, _table, _empty_folders, _loop])
def test_other_files_beside_a_series(tmp_path: Path, add: Callable[[Path], None]) -> None:
    _series(tmp_path / "ct")
    add(tmp_path / "ct")
    add(tmp_path)
    assert image_cases(tmp_path, "CT") == [{"image": str(tmp_path / "ct")}]


@pytest.mark.situation(
    "A folder a.nii.gz around the scan a.nii.gz, as some programs unpack it",
    "a row of failures.csv: it is a folder",
)
def test_folder_around_a_scan(tmp_path: Path) -> None:
    _scan(tmp_path / "a.nii.gz/a.nii.gz")
    _scan(tmp_path / "b.nii.gz")
    cases = image_cases(tmp_path)
    assert cases == [{"image": str(tmp_path / "a.nii.gz")}, {"image": str(tmp_path / "b.nii.gz")}]
    assert refusal(tmp_path / "a.nii.gz").startswith("a.nii.gz: a folder without a DICOM series of its own; ")


@pytest.mark.situation(
    "A data set in BIDS form, with a folder for each subject", "refused, naming a folder that holds a scan"
)
def test_scans_deeper_down(tmp_path: Path) -> None:
    _scan(tmp_path / "sub-01/anat/sub-01_T1w.nii.gz")
    with pytest.raises(InputError) as caught:
        image_cases(tmp_path)
    assert str(caught.value).endswith(f"set dataset_dir to one that does, as {tmp_path / 'sub-01/anat'}.")


@pytest.mark.situation("A link that leads to itself, with the name of a scan", "a row of failures.csv: it is a link")
def test_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").symlink_to(tmp_path / "a.nii.gz")
    assert image_cases(tmp_path) == [{"image": str(tmp_path / "a.nii.gz")}]
    assert "a.nii.gz: a link to " in refusal(tmp_path / "a.nii.gz")


@pytest.mark.situation("A scan that vanishes between listing and reading", "a row of failures.csv: no such file")
def test_vanished_scan(tmp_path: Path) -> None:
    _scan(tmp_path / "a.nii.gz")
    ((case),) = image_cases(tmp_path)
    os.unlink(case["image"])
    assert refusal(tmp_path / "a.nii.gz") == "a.nii.gz: cannot be read as an image, no such file; check the path."


@pytest.mark.parametrize("form", ["{}/", "{}//", "{}/.", "{}/../scans"])
@pytest.mark.situation("A folder given with slashes or dots behind its name", "listed as without them")
def test_forms_of_a_path(tmp_path: Path, form: str) -> None:
    _scan(tmp_path / "scans/a.nii.gz")
    assert image_cases(form.format(tmp_path / "scans")) == [{"image": str(tmp_path / "scans/a.nii.gz")}]


@pytest.mark.situation("A link to the folder of the scans", "the scans are those of the folder")
def test_linked_folder(tmp_path: Path) -> None:
    _scan(tmp_path / "scans/a.nii.gz")
    (tmp_path / "link").symlink_to(tmp_path / "scans")
    assert image_cases(tmp_path / "link") == [{"image": str(tmp_path / "link/a.nii.gz")}]


@pytest.mark.situation("A FIFO beside scans or slices", "not opened, because reading it never ends")
def test_pipe(tmp_path: Path) -> None:
    _series(tmp_path / "ct")
    os.mkfifo(tmp_path / "ct/pipe")
    os.mkfifo(tmp_path / "pipe.nii.gz")
    assert image_cases(tmp_path, "CT") == [{"image": str(tmp_path / "ct")}]
