"""``monai-scse segment`` with the numbers and files of other programs, on a phantom brain with a tiny network."""

from __future__ import annotations

import io
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pandas as pd
import pytest
import slicerio
from click.testing import CliRunner, Result
from support.aseg_stats import read_measures, read_rows
from support.brain_structures import BRAIN_STRUCTURES
from support.bundle_command import as_a_process
from support.dicom_files import write_dicom_series
from support.phantom_brains import phantom, save_case
from support.small_cases import save_small_cases, save_tiny_weights

from monai_scse.cli import main
from monai_scse.labels import label_protocol, output_numbers
from monai_scse.runtime import bundle_folder

NUMBERS = output_numbers("freesurfer", BRAIN_STRUCTURES)


def segment(task: str, scan: Path, out: Path, *words: object) -> Result:
    """Segment by a network with random weights, the same for all runs beside each other."""
    weights = out.parent / "tiny.pt"
    if not weights.exists():
        save_tiny_weights(bundle_folder(task), weights)
    spacing, size = {"brain": ("[6, 6, 6]", "[32, 32]"), "body": ("[9, 9, 9]", "[48, 48]")}[task]
    settings = ["network_def#features=4", f"ckpt_path={weights}", f"spacing={spacing}", f"slice_size={size}"]
    options = [word for setting in settings for word in ("--set", setting)]
    with as_a_process([], Path.cwd(), io.StringIO(), io.StringIO()):
        words = ["segment", task, scan, "-o", out, "--device", "cpu", *options, *words]
        return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    save_case(tmp_path, "case", *phantom(0))
    return tmp_path / "images/case.nii.gz"


def voxels(file: Path) -> np.ndarray:
    return np.asarray(nibabel.load(file).dataobj)


def test_freesurfer_numbers_and_all_files(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert segment("brain", scan, tmp_path / "plain").exit_code == 0
    words = ["--labels", "freesurfer", "--seg-nrrd", "--color-tables"]
    done = segment("brain", scan, out, *words)
    assert done.exit_code == 0, done.output
    classes, numbers = voxels(tmp_path / "plain/case_seg.nii.gz"), voxels(out / "case_seg.nii.gz")
    np.testing.assert_array_equal(numbers, np.array(NUMBERS)[classes])
    np.testing.assert_array_equal(slicerio.read_segmentation(str(out / "case.seg.nrrd"))["voxels"], numbers)
    np.testing.assert_array_equal(label_protocol("freesurfer", BRAIN_STRUCTURES).to_classes(numbers), classes)
    plain, table = (pd.read_csv(folder / "volumes.csv") for folder in (tmp_path / "plain", out))
    assert table["label"].tolist() == NUMBERS[1:]
    pd.testing.assert_frame_equal(table.drop(columns="label"), plain)
    rows = {row["SegId"]: row for row in read_rows((out / "case_aseg.stats").read_text())}
    assert [rows[number]["NVoxels"] for number in table["label"]] == table["voxels"].tolist()
    image = voxels(scan)[numbers == (number := np.bincount(numbers[numbers > 0]).argmax())]
    assert rows[number]["normMean"] == pytest.approx(image.mean(), abs=1e-3)
    assert "eTIV" in read_measures((out / "case_aseg.stats").read_text())
    assert sorted(file.name for file in (out / "colour_tables").iterdir()) == [
        "freesurfer_lut.txt",
        "itksnap_labels.txt",
        "slicer.ctbl",
    ]
    assert not (tmp_path / "plain/case_aseg.stats").exists()
    assert not (tmp_path / "plain/colour_tables").exists()


def test_rerun_does_what_is_missing(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["--labels", "freesurfer", "--skip-existing"]
    assert segment("brain", scan, out, *words).exit_code == 0
    first = (out / "case_seg.nii.gz").stat().st_mtime_ns
    assert segment("brain", scan, out, *words).exit_code == 0
    assert (out / "case_seg.nii.gz").stat().st_mtime_ns == first
    assert segment("brain", scan, out, *words, "--seg-nrrd").exit_code == 0
    assert (out / "case.seg.nrrd").is_file()


@pytest.mark.parametrize(("task", "modality"), [("brain", "MR"), ("body", "CT")])
def test_dicom_segmentation_of_both_tasks(task: str, modality: str, tmp_path: Path) -> None:
    if task == "brain":
        volume = phantom(0, (30, 32, 20))[0].astype(float)
        write_dicom_series(tmp_path / "dicom", volume, (1.2, 1.1, 1.3), modality="MR", rescale_intercept=0)
    else:
        save_small_cases(bundle_folder("body").name, tmp_path, [0])
        volume = voxels(next((tmp_path / "images").iterdir())).astype(float)
        write_dicom_series(tmp_path / "dicom", volume, (9, 9, 9))
    out = tmp_path / "out"
    done = segment(task, tmp_path / "dicom", out, "--dicom-seg", "--seg-nrrd")
    assert done.exit_code == 0, done.output
    segmentation = highdicom.seg.segread(next(out.glob("*_seg.dcm")))
    nifti = nibabel.load(next(out.glob("*_seg.nii.gz")))
    assert segmentation.number_of_segments == {"brain": 27, "body": 10}[task]
    found = segmentation.get_volume(combine_segments=True)
    sizes = np.bincount(np.asarray(nifti.dataobj).ravel(), minlength=28)
    np.testing.assert_array_equal(np.bincount(found.array.ravel(), minlength=28)[1:], sizes[1:])
    assert sizes[1:].any()
    codes = {one.SegmentLabel: one.SegmentedPropertyTypeCodeSequence[0] for one in segmentation.SegmentSequence}
    if task == "brain":
        assert codes["left hippocampus"].CodeValue == "5366008"
        assert codes["right ventral DC"].CodingSchemeDesignator == "DCM"
        assert codes["right ventral DC"].SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Right"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["segment", "brain", "{scan}", "-o", "out", "--labels", "freesurfr"], "'freesurfer'"),
        (["segment", "body", "{scan}", "-o", "out", "--labels", "freesurfer"], "--labels works with brain only"),
    ],
)
def test_wrong_labels_end_with_status_2(scan: Path, words: list[str], message: str) -> None:
    done = CliRunner().invoke(main, [word.replace("{scan}", str(scan)) for word in words])
    assert done.exit_code == 2
    assert message in done.stderr


def test_dry_run_names_the_entries(scan: Path) -> None:
    words = ["segment", "brain", str(scan), "-o", "out", "--labels", "freesurfer", "--seg-nrrd", "--color-tables"]
    done = CliRunner().invoke(main, [*words, "--dicom-seg", "--dry-run"])
    for entry in ("--output_labels freesurfer", "--seg_nrrd True", "--colour_tables True", "--dicom_seg True"):
        assert entry in done.stdout
