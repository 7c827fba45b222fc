"""MLflow from the command line, offline: MONAI's own switch, a database file beside the results."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from bundle_command import run_bundle
from phantom_brains import phantom, save_case

BUNDLE = Path(__file__).parents[2] / "bundles/brain_mri_scse_segmentation"


@pytest.fixture
def options(tmp_path: Path) -> dict[str, object]:
    for seed in range(2):
        save_case(tmp_path / "data", f"case{seed}", *phantom(seed))
    small = {"slice_size": [32, 32], "network_def__features": 4, "device": "cpu", "epochs": 1}
    return {"dataset_dir": tmp_path / "data", "ckpt_dir": tmp_path, "output_dir": tmp_path / "out", **small}


def test_mlflow_keeps_losses_and_dice_in_a_local_database(options, tmp_path):
    pytest.importorskip("mlflow", reason="MLflow is not installed: pip install -c constraints.txt -e '.[mlflow]'")
    pytest.importorskip("sqlalchemy")
    done = run_bundle(BUNDLE, "train.json", tmp_path, tracking="mlflow", validation_cases=["case1"], **options)
    assert done.returncode == 0, done.stderr[-3000:]
    with sqlite3.connect(tmp_path / "out/mlruns.db") as store:
        assert store.execute("select status from runs").fetchall() == [("FINISHED",)]
        counted = dict(store.execute("select key, count(*) from metrics group by key").fetchall())
    assert counted["val_mean_dice"] == 1
    assert counted["train_loss"] >= 10
    assert list((tmp_path / "out").glob("events.out.tfevents.*"))
