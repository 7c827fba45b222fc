"""MLflow from the command line, offline: MONAI's own switch, a database file beside the results."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support.bundle_command import run_bundle
from support.small_cases import SMALL, save_small_cases

ROOT = Path(__file__).parents[2]


def test_connections_to_other_machines_are_refused_and_noted(refused):
    connect = "import socket; socket.create_connection(('mlflow.org', 443))"
    done = subprocess.run([sys.executable, "-c", connect], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "ConnectionRefusedError: no connections to mlflow.org in this test"
    assert refused.read_text() == "mlflow.org\n"


@pytest.mark.parametrize("bundle", SMALL)
def test_mlflow_keeps_losses_and_dice_in_a_local_database(bundle, refused, tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="MLflow is not installed: make test-mlflow")
    save_small_cases(bundle, tmp_path / "data", range(2))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # by which MLflow would notice that it must be silent
    done = run_bundle(
        ROOT / "bundles" / bundle,
        "train.json",
        tmp_path,
        tracking="mlflow",
        dataset_dir=tmp_path / "data",
        ckpt_dir=tmp_path,
        output_dir=tmp_path / "out",
        validation_cases=["case1" if bundle.startswith("brain") else "ct_0001"],
        network_def__features=4,
        device="cpu",
        epochs=1,
        **SMALL[bundle],
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not refused.exists()
    with sqlite3.connect(tmp_path / "out/mlruns.db") as store:
        assert store.execute("select status from runs").fetchall() == [("FINISHED",)]
        counted = dict(store.execute("select key, count(*) from metrics group by key").fetchall())
    assert counted["val_mean_dice"] == 1
    assert counted["train_loss"] >= 5
    assert list((tmp_path / "out").glob("events.out.tfevents.*"))
