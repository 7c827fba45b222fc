"""Where a segmentation comes from, without names of people or folders."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import write_dicom_series

from monai_scse.data import image_cases
from monai_scse.reports.provenance import command_without_paths, provenance, scan_checksum, without_folders

HOME = "/home/jane_doe/study"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["/opt/bin/monai-scse", "segment", "brain", "{scan}", "-o", "{home}/out"],
            "monai-scse segment brain t1.nii -o …",
        ),
        (
            ["monai-scse", "segment", "brain", "{home}/a.nii", "{home}/b.nii", "{scan}", "--tta", "--device", "cpu"],
            "monai-scse segment brain … t1.nii --tta --device cpu",
        ),
        (
            ["/x/monai/bundle/__main__.py", "run", "--config_file", "['{home}/inference.json', '{home}/views.yaml']"],
            "python -m monai.bundle run --config_file [inference.json, views.yaml]",
        ),
        (
            ["/x/monai/bundle/__main__.py", "run", "--dataset_dir=['{home}/a.nii', '{home}/b.nii', '{scan}']"],
            "python -m monai.bundle run --dataset_dir=[…, t1.nii]",
        ),
        (["python", "-m", "monai.bundle", "run", "--tta", "{home}/a.nii"], "python -m monai.bundle run --tta …"),
        (["monai-scse", "--set", "ckpt_path={home}/mine.pt"], "monai-scse --set ckpt_path=mine.pt"),
        (["{home}/analysis.py", "{home}/a.nii"], "Python: analysis.py"),
    ],
)
def test_command_names_this_scan_and_configs_only(words: list[str], expected: str, tmp_path: Path) -> None:
    scan = tmp_path / "t1.nii"
    scan.touch()
    typed = [word.replace("{scan}", str(scan)).replace("{home}", HOME) for word in words]
    shown = command_without_paths(typed, str(scan))
    assert shown == expected
    assert "jane" not in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HOME}/Jane Doe/t1.nii.gz: no scan", "t1.nii.gz: no scan"),
        ("../jane/t1.nii.gz is not ~/jane/t2.nii.gz", "t1.nii.gz is not t2.nii.gz"),
        (f"see '{HOME}/logs'; try again.", "see 'logs'; try again."),
        ("C:\\Users\\jane\\t1.nii is cut short", "t1.nii is cut short"),
        ("3.5 / 7 ml, left/right", "3.5 / 7 ml, left/right"),
    ],
)
def test_texts_lose_folders(text: str, expected: str) -> None:
    assert without_folders(text) == expected


def test_checksum_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "scan.nii").write_bytes(b"voxels")
    assert scan_checksum(str(tmp_path / "scan.nii")) == hashlib.sha256(b"voxels").hexdigest()


def test_checksum_of_an_image_in_two_files(tmp_path: Path) -> None:
    (tmp_path / "scan.hdr").write_bytes(b"header")
    (tmp_path / "scan.img").write_bytes(b"voxels")
    assert scan_checksum(str(tmp_path / "scan.img")) == hashlib.sha256(b"headervoxels").hexdigest()


def test_checksum_of_a_series_is_that_of_its_files_from_the_lowest_place(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "ct", np.zeros((8, 8, 5)), (1, 1, 2))
    (case,) = image_cases(tmp_path / "ct", "CT")
    import pydicom

    files = sorted((tmp_path / "ct").iterdir(), key=lambda file: pydicom.dcmread(file).ImagePositionPatient[2])
    assert scan_checksum(case["image"]) == hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def test_weights_that_change_have_another_checksum(tmp_path: Path) -> None:
    weights, scan = tmp_path / "model.pt", tmp_path / "scan.nii"
    scan.write_bytes(b"voxels")
    for content in (b"one", b"other"):
        weights.write_bytes(content)
        origin = provenance(str(scan), ["monai-scse"], tmp_path, [weights, tmp_path / "gone.pt"])
        named = [value for name, value in origin if name == "Weights"]
        assert named == [f"model.pt\nsha256 {hashlib.sha256(content).hexdigest()}"]
