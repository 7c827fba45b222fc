"""``monai_scse.segment``, on small phantoms with a tiny network."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from support.bundle_command import as_a_process
from support.small_cases import SMALL, save_small_cases, save_tiny_weights

import monai_scse.segmenter
from monai_scse.cli import main
from monai_scse.labels import output_numbers
from monai_scse.runtime import BUNDLES, CaseTables, InputError, bundle_folder


def _entries(task: str, folder: Path) -> dict[str, object]:
    entries = {name: value for name, value in SMALL[BUNDLES[task]].items() if name != "label_numbers"}
    weights = save_tiny_weights(bundle_folder(task), folder / "tiny.pt")
    return {"network_def#features": 4, "ckpt_path": str(weights), **entries}


@pytest.mark.parametrize("task", list(BUNDLES))
def test_result_is_that_of_the_command(task: str, tmp_path: Path) -> None:
    save_small_cases(BUNDLES[task], tmp_path, range(2))
    scans = sorted((tmp_path / "images").iterdir())
    entries = _entries(task, tmp_path)
    words = ["segment", task, *map(str, scans), "-o", str(tmp_path / "command"), "--device", "cpu"]
    words += [word for name, value in entries.items() for word in ("--set", f"{name}={value}")]
    with as_a_process([], Path.cwd(), io.StringIO(), io.StringIO()):
        assert CliRunner().invoke(main, words).exit_code == 0
    segmenter = monai_scse.Segmenter(task, "cpu", entries=entries)
    for scan in scans:
        result = segmenter(scan)
        file = result.save(tmp_path / "python")
        assert file == tmp_path / "python" / f"{result.case}_seg.nii.gz"
        expected = nibabel.load(tmp_path / "command" / file.name)
        np.testing.assert_array_equal(result.classes[0], expected.get_fdata())
        np.testing.assert_allclose(result.classes.affine, expected.affine, atol=1e-6)
    names = sorted(path.name for path in (tmp_path / "command").iterdir())
    assert sorted(path.name for path in (tmp_path / "python").iterdir()) == names
    for name in (name for name in names if name.endswith((".csv", ".nii.gz"))):
        assert (tmp_path / "python" / name).read_bytes() == (tmp_path / "command" / name).read_bytes()
    rows = pd.read_csv(tmp_path / "command" / f"{result.case}_volumes.csv")
    pd.testing.assert_frame_equal(result.volumes.replace("", np.nan), rows, check_dtype=False)


@pytest.fixture
def brain(tmp_path: Path) -> Path:
    save_small_cases(BUNDLES["brain"], tmp_path, range(2))
    return tmp_path / "images"


def test_weights_are_read_once(brain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    class Counted:
        def __init__(self, *arguments: object) -> None:
            calls.append(arguments)

        def __call__(self, scan: object) -> object:
            return scan

    monkeypatch.setattr(monai_scse.segmenter, "Segmenter", Counted)
    for scan in brain.iterdir():
        assert monai_scse.segment(scan, "brain", device="cpu", configs=["a.yaml"]) == scan
    assert calls == [("brain", "cpu", ["a.yaml"], {})]


def test_further_config_counts(tmp_path: Path) -> None:
    (tmp_path / "dark.yaml").write_text("picture_window: [0, 5000]\n")
    segmenter = monai_scse.Segmenter("brain", "cpu", [str(tmp_path / "dark.yaml")], _entries("brain", tmp_path))
    assert segmenter.picture_window == [0, 5000]


def test_numbers_of_freesurfer_and_an_earlier_failure(brain: Path, tmp_path: Path) -> None:
    entries = {**_entries("brain", tmp_path), "output_labels": "freesurfer"}
    CaseTables(tmp_path, "failure").write("case0", [{"file": "case0.nii.gz", "reason": "cut short", "cure": "copy it"}])
    result = monai_scse.Segmenter("brain", "cpu", entries=entries)(brain / "case0.nii.gz")
    numbers = np.array(output_numbers("freesurfer", result.structures))
    saved = nibabel.load(result.save(tmp_path, report=False)).get_fdata()
    np.testing.assert_array_equal(saved, numbers[result.classes[0].numpy().astype(int)])
    assert pd.read_csv(tmp_path / "case0_volumes.csv")["label"].tolist() == numbers[1:].tolist()
    assert not list(tmp_path.glob("*fail*"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "holds 2 scans, case0, case1; give one of them"),
        ("none.nii.gz", "none.nii.gz: no such file or folder"),
        ("case0.nii.gz", "case0.nii.gz: empty, every voxel is 0; choose another scan"),
    ],
)
def test_what_is_refused_raises_and_the_next_scan_works(
    name: str, message: str, brain: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    segmenter = monai_scse.Segmenter("brain", "cpu", entries=_entries("brain", tmp_path))
    nibabel.save(nibabel.Nifti1Image(np.zeros((40, 40, 40), np.uint8), np.eye(4)), brain / "case0.nii.gz")
    with caplog.at_level(logging.CRITICAL), pytest.raises(InputError, match=message):
        segmenter(brain / name)
    assert segmenter(brain / "case1.nii.gz").classes.max() > 0


def test_contrast_chooses_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monai_scse.segmenter, "Segmenter", lambda *arguments: lambda scan: arguments)
    for contrast, expected in (("t1", ([], {})), ("auto", (["any_contrast_inference.yaml"], {"contrast": "auto"}))):
        assert monai_scse.segment("scan", "brain", "cpu", contrast=contrast)[2:] == expected
    for task, contrast, message in (
        ("brain", "ayn", "contrast must be one of t1, any, auto, got 'ayn'; did you mean any?"),
        ("brain", "T2", "take any for what is no T1"),
        ("body", "any", "contrast works with brain only; leave it out"),
    ):
        with pytest.raises(InputError, match=message):
            monai_scse.segment("scan", task, contrast=contrast)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("head",), "task must be one of brain, body, got 'head'"),
        (("brain", "cpu", ["nothing.yaml"]), "nothing.yaml: no such config file"),
        (("brain", "cpu", [], {"dataset": 1, "num_slice": 3}), "num_slice"),
        (("brain", "cpu", [], {"ckpt_path": "none.pt"}), "none.pt"),
    ],
)
def test_bad_arguments_are_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        monai_scse.Segmenter(*arguments)  # type: ignore[arg-type]


def test_a_config_is_no_list() -> None:
    with pytest.raises(InputError, match=r"configs must be a list, got 'view_aggregation\.yaml'"):
        monai_scse.segment("scan.nii.gz", "brain", configs="view_aggregation.yaml")


def test_logging_of_the_caller_stays(tmp_path: Path) -> None:
    before = logging.root.level, list(logging.root.handlers), torch.is_grad_enabled()
    monai_scse.Segmenter("brain", "cpu", entries=_entries("brain", tmp_path))
    assert (logging.root.level, list(logging.root.handlers), torch.is_grad_enabled()) == before
