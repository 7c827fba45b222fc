"""``monai-scse compare``: two segmentations or folders of them, against numbers made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from monai_scse.cli import main

GRID = np.diag([2.0, 1.0, 1.0, 1.0])  # voxels of 2 cubic mm


def compare(*words: object) -> Result:
    return CliRunner().invoke(main, ["compare", *(str(word) for word in words)])


def save(file: Path, voxels: dict[int, list[tuple[int, int, int]]], affine: np.ndarray = GRID, size: int = 9) -> Path:
    """Write a label map: for each number its voxels."""
    labels = np.zeros((size, size, size), dtype=np.uint8)
    for number, places in voxels.items():
        for place in places:
            labels[place] = number
    file.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(labels, affine), file)
    return file


def line(*columns: int) -> list[tuple[int, int, int]]:
    return [(column, 4, 4) for column in columns]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """White matter moved by one voxel, and cortex of one voxel in A alone."""
    return (
        save(tmp_path / "a/T1_seg.nii.gz", {1: line(2, 3, 4, 5), 2: [(0, 0, 0)]}),
        save(tmp_path / "b/T1.nii.gz", {1: line(3, 4, 5, 6)}),
    )


def test_numbers_of_two_files(pair: tuple[Path, Path], tmp_path: Path) -> None:
    done = compare(*pair, "--task", "brain", "-o", tmp_path / "out/table.csv")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "out/table.csv").set_index("structure")
    assert list(table["case"].unique()) == ["T1"]
    assert len(table) == 27
    white = table.loc["left cerebral white matter"]
    assert white["dice"] == 0.75
    assert white["hd95_mm"] == pytest.approx(1.7)  # of distances 0, 0, 0, 2 either way
    assert (white["volume_a_ml"], white["volume_b_ml"], white["difference_percent"]) == (0.008, 0.008, 0)
    cortex = table.loc["left cerebral cortex"]
    assert (cortex["dice"], cortex["difference_ml"], cortex["difference_percent"]) == (0, -0.002, -200)
    assert np.isnan(cortex["hd95_mm"])
    assert table.drop(index=["left cerebral white matter", "left cerebral cortex"])["dice"].isna().all()
    assert "Not counted: 25 of 27 structures, empty in both." in done.stdout
    mean = next(row for row in done.stdout.splitlines() if row.startswith("all structures"))
    assert mean.split()[2:4] == ["0.3750", "1.70"]


def test_folders_are_matched_by_case(pair: tuple[Path, Path], tmp_path: Path) -> None:
    save(tmp_path / "a/P2_seg.nii.gz", {1: line(1)})
    save(tmp_path / "a/P2.nii.gz", {7: line(1)})  # the scan beside its segmentation
    save(tmp_path / "b/P2_seg.nii", {1: line(1)})
    (tmp_path / "b/P2.seg.nrrd").touch()  # the same for 3D Slicer
    done = compare(tmp_path / "a", tmp_path / "b", "--task", "brain", "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert {row["case"] for row in summary["rows"]} == {"P2", "T1"}
    assert [(row["case"], row["dice"]) for row in summary["means_of_cases"]] == [("P2", 1), ("T1", 0.375)]
    dice = {row["structure"]: row["dice"] for row in summary["means_of_structures"]}
    assert dice["left cerebral white matter"] == 0.875
    assert dice["all structures"] == pytest.approx((1 + 0.75 + 0) / 3)
    assert dice["brainstem"] is None
    printed = compare(tmp_path / "a", tmp_path / "b", "--task", "brain")
    assert "Means of 2 cases over their structures" in printed.stdout


@pytest.mark.situation("Two folders to compare, one lacks a case", "the others are compared, the file is named, exit 1")
def test_case_without_partner_is_named(pair: tuple[Path, Path], tmp_path: Path) -> None:
    lonely = save(tmp_path / "b/P3_seg.nii.gz", {1: line(1)})
    done = compare(tmp_path / "a", tmp_path / "b", "--task", "brain", "-o", tmp_path / "table.csv")
    assert done.exit_code == 1
    assert f"error: {lonely}: has no partner; left out." in done.stderr
    assert set(pd.read_csv(tmp_path / "table.csv")["case"]) == {"T1"}


@pytest.mark.parametrize(
    ("affine", "size", "message"),
    [
        (GRID, 8, "shape (8, 8, 8) differs from the segmentation {a} (9, 9, 9); resample it to that grid."),
        (np.eye(4), 9, "its place in space (affine) differs from that of the segmentation {a}; resample it"),
    ],
)
@pytest.mark.situation("Two segmentations on different grids to compare", "refused in one line that names both files")
def test_other_grid_is_refused(
    pair: tuple[Path, Path], tmp_path: Path, affine: np.ndarray, size: int, message: str
) -> None:
    other = save(tmp_path / "b.nii.gz", {1: line(3)}, affine, size)
    done = compare(pair[0], other, "--task", "brain")
    assert done.exit_code == 1
    assert f"{other}: {message.format(a=pair[0])}" in done.stderr.splitlines()[-1]


@pytest.mark.situation("A label map of another protocol to compare", "refused with the file and the numbers")
def test_numbers_of_another_protocol(pair: tuple[Path, Path], tmp_path: Path) -> None:
    manual = save(tmp_path / "manual.nii.gz", {45: line(3, 4, 5, 6), 47: line(7)})
    done = compare(pair[0], manual, "--task", "brain")
    assert done.exit_code == 1
    assert f"error: {manual}: unknown label 45, 47: 'classes' has 28 labels from 0 to 27; " in done.stderr
    assert "--labels (classes, " in done.stderr
    summary = json.loads(compare(pair[0], manual, "--task", "brain", "--json").stdout)
    assert (summary["rows"], [failure["file"] for failure in summary["failures"]]) == ([], [str(manual)])
    numbered = compare(pair[0], manual, "--task", "brain", "--labels", "classes", "--labels", "neuromorphometrics")
    assert numbered.exit_code == 0, numbered.stderr
    assert "0.7500" in numbered.stdout


def test_organs_with_the_numbers_of_another_program(tmp_path: Path) -> None:
    ours = save(tmp_path / "ours.nii.gz", {1: line(1, 2)})
    theirs = save(tmp_path / "theirs.nii.gz", {5: line(1, 2), 90: line(3)})
    done = compare(ours, theirs, "--task", "body", "--labels", "classes", "--labels", "totalsegmentator_v2", "--json")
    assert done.exit_code == 0, done.output
    assert {row["structure"]: row["dice"] for row in json.loads(done.stdout)["rows"]}["liver"] == 1


def test_brain_with_the_numbers_of_freesurfer(tmp_path: Path) -> None:
    ours = save(tmp_path / "ours.nii.gz", {14: line(1, 2), 3: line(5)})
    theirs = save(tmp_path / "theirs.nii.gz", {16: line(1, 2), 41: line(5)})
    done = compare(ours, theirs, "--task", "brain", "--labels", "classes", "--labels", "freesurfer", "--json")
    assert done.exit_code == 0, done.output
    dice = {row["structure"]: row["dice"] for row in json.loads(done.stdout)["rows"]}
    assert {name: value for name, value in dice.items() if value is not None} == {
        "brainstem": 1,
        "right cerebral white matter": 1,
    }


def test_table_of_volumes_tells_the_task(pair: tuple[Path, Path]) -> None:
    pair[0].with_name("T1_volumes.csv").write_text("index,structure,voxels\n1,liver,4\n2,spleen,1\n")
    done = compare(*pair)
    assert done.exit_code == 0, done.output
    assert "right psoas major" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["{a}", "{b}"], 1, "no table of volumes says what its numbers mean; give --task brain or body."),
        (["{a}", "{folder}"], 1, "is a folder; give two files or two folders."),
        (["{folder}", "{empty}", "--task", "brain"], 1, "no segmentations found; give a folder with"),
        (["{folder}", "{other}", "--task", "brain"], 1, "has none of the cases of"),
        (["{a}", "{b}", "--task", "brain", "--labels", "aseg"], 2, "'aseg' is not one of 'classes', 'neuro"),
        (["{a}", "{b}", "--task", "body", "--labels", "aseg"], 2, "'aseg' is not one of 'classes', 'synthetic'"),
        (["{a}", "{b}", "--task", "hand"], 2, "'hand' is not one of 'brain', 'body'"),
        (["{a}", "gone.nii"], 2, "'gone.nii' does not exist"),
        (["{a}", "{b}", *["--labels", "classes"] * 3], 2, "once for both, or twice"),
    ],
)
def test_bad_input_is_one_line(
    pair: tuple[Path, Path], tmp_path: Path, words: list[str], status: int, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    save(tmp_path / "other/P9.nii.gz", {1: line(1)})
    places = {"a": pair[0], "b": pair[1], "folder": pair[0].parent}
    places |= {name: tmp_path / name for name in ("empty", "other")}
    done = compare(*(word.format(**places) for word in words))
    assert done.exit_code == status
    assert message in done.stderr.splitlines()[-1]
