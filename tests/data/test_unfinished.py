"""Which cases a rerun leaves out: those whose files are all there, whole, and of the numbers that are asked for."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from monai_scse.data import unfinished_cases

FILES = {"_volumes.csv": "index,structure\n", "_seg.nii.gz": "", ".seg.nrrd": "NRRD", "_aseg.stats": "# Title\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The results of case a: all files, with class indices."""
    for ending, text in FILES.items():
        (tmp_path / f"a{ending}").write_text(text)
    (tmp_path / "a_seg.nii.gz").write_bytes(gzip.compress(bytes(1000)))
    return tmp_path


def left(folder: Path, **options: object) -> list[str]:
    cases = [{"image": f"/scans/{name}.nii.gz"} for name in "ab"]
    return [case["image"][7] for case in unfinished_cases(cases, folder, **{"skip_existing": True, **options})]


def with_freesurfer_numbers(folder: Path) -> Path:
    (folder / "a_volumes.csv").write_text("index,structure,label\n")
    return folder


def test_all_are_left_unless_existing_ones_are_skipped(folder: Path) -> None:
    assert left(folder, skip_existing="false") == ["a", "b"]
    assert left(folder, skip_existing="true") == ["b"]


@pytest.mark.parametrize("ending", ["_volumes.csv", "_seg.nii.gz"])
@pytest.mark.parametrize("labels", ["classes", "freesurfer"])
def test_a_case_without_its_files_is_left(folder: Path, ending: str, labels: str) -> None:
    if labels == "freesurfer":
        with_freesurfer_numbers(folder)
    assert left(folder, output_labels=labels) == ["b"]
    (folder / f"a{ending}").unlink()
    assert left(folder, output_labels=labels) == ["a", "b"]


@pytest.mark.parametrize(
    ("ending", "options"), [(".seg.nrrd", {"seg_nrrd": "true"}), ("_aseg.stats", {"output_labels": "freesurfer"})]
)
def test_a_file_that_is_asked_for_must_be_there(folder: Path, ending: str, options: dict[str, str]) -> None:
    if "output_labels" in options:
        with_freesurfer_numbers(folder)
    assert left(folder, **options) == ["b"]
    (folder / f"a{ending}").unlink()
    assert left(folder, **options) == ["a", "b"]


@pytest.mark.situation(
    "A rerun that skips what exists, with other label numbers than before", "cases with the other numbers are done anew"
)
def test_segmentations_with_other_numbers_are_left(folder: Path) -> None:
    assert left(folder, output_labels="freesurfer") == ["a", "b"]
    with_freesurfer_numbers(folder)
    assert left(folder, output_labels="classes") == ["a", "b"]
    assert left(folder, output_labels="freesurfer") == ["b"]


def test_only_dicom_series_need_a_dicom_segmentation(folder: Path) -> None:
    scan = folder / "a.nii.gz"
    scan.write_bytes(b"")
    assert unfinished_cases([{"image": str(scan)}], folder, True, dicom_seg=True) == []
    assert left(folder, dicom_seg=True) == ["a", "b"]  # these are no files
    (folder / "a_seg.dcm").write_text("DICM")
    assert left(folder, dicom_seg=True) == ["b"]
