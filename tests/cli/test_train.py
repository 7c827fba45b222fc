"""``monai-scse train`` and ``evaluate``, as a user types them, on small synthetic CT with a tiny network."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from support.bundle_command import SMALL_CT, as_a_process
from support.small_cases import save_small_cases

from monai_scse.cli import main
from monai_scse.runtime import bundle_folder


def run(*words: object) -> Result:
    settings = [word for name, value in SMALL_CT.items() for word in ("--set", f"{name.replace('__', '#')}={value}")]
    with as_a_process([], Path.cwd(), io.StringIO(), io.StringIO()):
        return CliRunner().invoke(main, [*map(str, words), *settings])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    save_small_cases(bundle_folder("body").name, tmp_path / "data", range(2))
    return tmp_path / "data"


def test_weights_are_trained_and_scored(data: Path, tmp_path: Path) -> None:
    shipped = (bundle_folder("body") / "models/model.pt").read_bytes()
    out = tmp_path / "training"
    done = run("train", "body", data, "-o", out, "--set", "epochs=1", "--set", "validation_cases=0.5")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"Weights: {out / 'model.pt'}"
    assert "epoch 1 of 1: loss " in done.stdout
    assert "validation Dice 0." in done.stdout
    assert "INFO" not in done.output
    again = run("train", "body", data, "-o", out, "--resume", "--set", "epochs=2", "--set", "validation_cases=0.5")
    assert again.exit_code == 1
    assert f"{out / 'checkpoint.pt'}: its learning rate schedule ends" in again.stderr

    done = run("evaluate", "body", data, "-o", tmp_path / "scores", "--weights", out / "model.pt")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].startswith(f"Scores: {tmp_path / 'scores/summary.csv'}")
    assert set(pd.read_csv(tmp_path / "scores/metrics.csv")["case"]) == {"ct_0000", "ct_0001"}
    assert (bundle_folder("body") / "models/model.pt").read_bytes() == shipped


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_bad_data_is_one_line(command: str, data: Path, tmp_path: Path) -> None:
    (data / "labels/ct_0001.nii.gz").unlink()
    done = run(command, "body", data, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "ct_0001.nii.gz: no label of this name" in done.stderr
