"""Training and evaluation with two processes, as torchrun starts them on several GPUs or nodes, on the CPU."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support.small_cases import SMALL, save_small_cases

pytestmark = pytest.mark.long

BUNDLES = Path(__file__).parents[2] / "bundles"


def run(processes: int, configs: list[str], bundle: Path, folder: Path, **options: object) -> str:
    files = [str(bundle / "configs" / name) for name in configs]
    command = [sys.executable]
    if processes > 1:
        command += ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command += ["-m", "monai.bundle", "run", "--bundle_root", str(bundle), "--config_file", str(files)]
    for name, value in {"network_def#features": 4, "device": "cpu", **SMALL[bundle.name], **options}.items():
        if name != "device" or processes == 1:  # of several processes the config chooses the device
            command += [f"--{name}", str(value)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(params=SMALL)
def bundle(request: pytest.FixtureRequest) -> Path:
    return BUNDLES / request.param


@pytest.fixture
def dataset(bundle: Path, tmp_path: Path) -> Path:
    save_small_cases(bundle.name, tmp_path / "data", range(3))
    return tmp_path / "data"


def test_two_processes_save_once_and_their_tables_are_those_of_one(bundle, dataset, tmp_path):
    names = sorted(path.name.removesuffix(".nii.gz") for path in (dataset / "images").iterdir())
    options = {"dataset_dir": dataset, "ckpt_dir": tmp_path / "models"}
    printed = run(
        2,
        ["train.json", "multi_gpu_train.json"],
        bundle,
        tmp_path,
        epochs=1,
        validation_cases=[names[1]],
        output_dir=tmp_path / "logs",
        **options,
    )
    assert printed.count("Best val_mean_dice of all epochs, saved") == 1  # written once
    weights = torch.load(tmp_path / "models/model.pt", weights_only=True)
    assert not any(key.startswith("module.") for key in weights)

    evaluate = ["train.json", "evaluate.json"]
    run(2, [*evaluate, "multi_gpu_evaluate.json"], bundle, tmp_path, output_dir=tmp_path / "two", **options)
    run(1, evaluate, bundle, tmp_path, output_dir=tmp_path / "one", **options)
    for table in ("metrics.csv", "summary.csv"):
        assert (tmp_path / "two" / table).read_text() == (tmp_path / "one" / table).read_text()
    assert len((tmp_path / "two/metrics.csv").read_text().splitlines()) > 3 * 10


def test_time_budget_stops_both_processes_and_both_resume(tmp_path):
    bundle = BUNDLES / "brain_mri_scse_segmentation"
    save_small_cases(bundle.name, tmp_path / "data", range(3))
    configs = ["train.json", "multi_gpu_train.json"]
    options = {"dataset_dir": tmp_path / "data", "ckpt_dir": tmp_path, "output_dir": tmp_path, "validation_cases": 0}
    run(2, configs, bundle, tmp_path, epochs=2, time_budget_minutes=0.001, **options)
    assert (tmp_path / "model.pt").is_file()
    stopped = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert 0 < stopped["iteration"] < 2 * stopped["epoch_length"]

    printed = run(2, configs, bundle, tmp_path, epochs=2, resume="true", time_budget_minutes=450, **options)
    assert printed.count(f"at iteration {stopped['iteration']}.") == 2  # each process
    ended = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert ended["iteration"] == 2 * stopped["epoch_length"]
    schedule, before = (state["objects"]["lr_scheduler"]["last_epoch"] for state in (ended, stopped))
    assert schedule - before == ended["iteration"] - stopped["iteration"]
