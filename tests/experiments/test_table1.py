"""Table 1 trained on phantoms by the real bundle: killed, resumed, skipped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest
import torch
from support.phantom_brains import phantom, save_case

from experiments.__main__ import main
from monai_scse.runtime import InputError

BUNDLE = Path(__file__).parents[2] / "bundles/brain_mri_scse_segmentation"
SMALL = """\
slice_size: [32, 32]
network_def#features: 4
network_def#kernel_size: 3
"""
TRAINING = "train#dataloader#batch_size: 1\n"
EPOCHS = 4
pytestmark = pytest.mark.long  # each shares a training that takes half a minute


@pytest.fixture(scope="module")
def arguments(tmp_path_factory) -> list[str]:
    """What a user types, but the networks: two scans to train on, one to test."""
    folder = tmp_path_factory.mktemp("table 1")
    for seed in range(3):
        save_case(folder / "scans", f"case{seed}", *phantom(seed))
    (folder / "small.yaml").write_text(SMALL)
    (folder / "training.yaml").write_text(TRAINING)
    (folder / "split.yaml").write_text("fixed: {train: [case0, case1], test: [case2]}")
    options = {"dataset_dir": "scans", "output_dir": "out", "splits": "split.yaml", "config": "small.yaml"}
    typed = [word for name, value in options.items() for word in (f"--{name}", str(folder / value))]
    typed += ["paper_recipe.yaml", "--train_config", str(folder / "training.yaml")]
    return ["table1", *typed, "--epochs", str(EPOCHS), "--device", "cpu"]


@pytest.fixture(scope="module")
def output(arguments: list[str]) -> Path:
    return Path(arguments[arguments.index("--output_dir") + 1])


@pytest.fixture(scope="module")
def killed(arguments: list[str], output: Path) -> Path:
    """The folder of a run that was killed after its first epoch and resumed.

    With one thread, as sums of several have another order.
    """
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    run = output / "runs/unet_none_fixed_seed0"
    command = [sys.executable, "-m", "experiments", *arguments, "--only", "unet_none"]
    process = subprocess.Popen(command, env=one_thread)
    end = time.monotonic() + 200
    while not (run / "checkpoint.pt").is_file() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    checkpoint = torch.load(run / "checkpoint.pt", weights_only=True)
    assert checkpoint["iteration"] < EPOCHS * checkpoint["epoch_length"]
    assert not (run / "finished.json").exists()
    (run / "iteration").write_text(str(checkpoint["iteration"]))
    subprocess.run([*command, "unet_scse"], check=True, env=one_thread)
    return run


def test_killed_training_goes_on_where_it_stopped(killed, output):
    iteration = (killed / "iteration").read_text()
    assert int(iteration) > 0
    assert f"Resumed from {killed / 'checkpoint.pt'} at iteration {iteration}." in (output / "table1.log").read_text()
    checkpoint = torch.load(killed / "checkpoint.pt", weights_only=True)
    assert checkpoint["iteration"] == EPOCHS * checkpoint["epoch_length"]


def test_results_are_those_of_the_bundle(killed, output):
    dice = pd.read_csv(output / "results/dice.csv", keep_default_na=False, na_values=[""])
    own = dice[dice["recal"] == "none"].reset_index(drop=True)
    scores = pd.read_csv(killed / "metrics.csv")
    assert set(dice["recal"]) == {"none", "scse"}
    assert set(own["case"]) == {"case2"}
    pd.testing.assert_series_equal(own["dice"], scores["dice"])


def test_settings_hold_all_further_config_files(killed, output):
    settings = json.loads((output / "results/settings.json").read_text())
    assert list(settings["config"]) == ["small.yaml", "paper_recipe.yaml"]
    assert settings["train_config"] == {"training.yaml": TRAINING}


def test_training_takes_its_own_config_files(killed, output):
    slices = phantom(0)[0].shape[1] + phantom(1)[0].shape[1]
    checkpoint = torch.load(killed / "checkpoint.pt", weights_only=True)
    assert checkpoint["epoch_length"] > slices / 4  # batches of 4 elsewhere


def test_facts_of_the_runs(killed, output):
    runs = pd.read_csv(output / "results/runs.csv", keep_default_na=False).set_index("recal")
    # eight blocks of four channels: 4 * 4 weights of cSE and 4 of sSE each
    assert runs["se_parameters"].to_dict() == {"none": 0, "scse": 8 * 20}
    assert runs["parameters"]["scse"] - runs["parameters"]["none"] == 8 * 20
    training = pd.read_csv(output / "results/training.csv", keep_default_na=False)
    epochs = training[training["measure"] == "training loss"].groupby("recal")["epoch"]
    assert epochs.apply(list).to_dict() == {recal: list(range(1, EPOCHS + 1)) for recal in ("none", "scse")}


def test_qualitative_picture_shows_four_panels(killed, output):
    picture = matplotlib.image.imread(output / "qualitative_unet.png")[..., :3]
    assert all(part.std() > 0.05 for part in (picture[:, i * picture.shape[1] // 4 :][:, :100] for i in range(4)))


def test_finished_runs_are_skipped_and_told(killed, output, arguments, capfd):
    before = {path: path.stat().st_mtime_ns for path in killed.iterdir()}
    assert main([*arguments, "--only", "unet_none", "--seeds", "0", "1", "--time_budget_minutes", "0"]) == 3
    assert {path: path.stat().st_mtime_ns for path in killed.iterdir()} == before
    # the results of the other combination are still there
    assert set(pd.read_csv(output / "results/dice.csv", keep_default_na=False)["recal"]) == {"none", "scse"}
    expected = "unet_none:         1 of 2 done, left: fixed seed 1 (not started)"
    assert capfd.readouterr().out.splitlines()[-1] == expected


def test_time_budget_stops_within_a_training(arguments, output, capfd):
    assert main([*arguments, "--only", "sdnet_cse", "--time_budget_minutes", "0.001"]) == 3
    checkpoint = torch.load(output / "runs/sdnet_cse_fixed_seed0/checkpoint.pt", weights_only=True)
    assert 0 < checkpoint["iteration"] < EPOCHS * checkpoint["epoch_length"]
    assert f"of {EPOCHS} epochs)" in capfd.readouterr().out.splitlines()[-1]


def test_trainings_at_the_same_time_give_the_same_results(killed, arguments, output, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    typed = [str(tmp_path / "out") if word == str(output) else word for word in arguments]
    assert main([*typed, "--only", "unet_none", "unet_scse", "--jobs", "2"]) == 0
    assert "unet_scse:         1 of 1 done" in capfd.readouterr().out
    tables = [pd.read_csv(folder / "results/dice.csv") for folder in (output, tmp_path / "out")]
    one, other = (table[table.recal == "scse"].reset_index(drop=True) for table in tables)
    pd.testing.assert_frame_equal(one, other, rtol=1e-3)
    assert "Epoch[4]" in (tmp_path / "out/runs/unet_scse_fixed_seed0/run.log").read_text()


def test_trainings_at_the_same_time_end_with_their_parent(arguments, output, tmp_path):
    typed = [str(tmp_path / "out") if word == str(output) else word for word in arguments]
    typed[typed.index("--epochs") + 1] = "1000"
    command = [sys.executable, "-m", "experiments", *typed, "--only", "unet", "--jobs", "2"]
    process = subprocess.Popen(command)
    logs = [tmp_path / f"out/runs/unet_{name}_fixed_seed0/run.log" for name in ("none", "cse")]
    end = time.monotonic() + 200
    while not all(log.is_file() for log in logs) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    process.kill()
    process.wait()
    time.sleep(2)
    sizes = [log.stat().st_size for log in logs]
    time.sleep(4)
    assert [log.stat().st_size for log in logs] == sizes


def test_results_of_other_settings_are_not_mixed(killed, arguments, output):
    others = [word if word != str(EPOCHS) else "2" for word in arguments]
    with pytest.raises(InputError, match="made with other epochs"):
        main([*others, "--only", "unet_none"])
    assert json.loads((output / "results/settings.json").read_text())["epochs"] == EPOCHS


def test_results_of_a_changed_bundle_are_not_mixed(killed, arguments, tmp_path):
    changed = tmp_path / BUNDLE.name
    shutil.copytree(BUNDLE / "configs", changed / "configs")
    config = json.loads((changed / "configs/train.json").read_text())
    (changed / "configs/train.json").write_text(json.dumps(config | {"learning_rate": 0.5}))
    with pytest.raises(InputError, match="made with other bundle_configs"):
        main([*arguments, "--only", "unet_none", "--bundle", str(changed)])


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--dataset_dir", "nowhere", "nowhere: no such file or folder"),
        ("--config", "none.yaml", "none.yaml: no such config file"),
        ("--train_config", "none.yaml", "none.yaml: no such config file"),
        ("--only", "vnet", "--only vnet: no such combination"),
        ("--bundle", "nowhere", "nowhere: no bundle"),
        ("--epochs", "0", "at least one epoch"),
        ("--jobs", "0", "at least one training at a time"),
    ],
)
def test_wrong_input_is_told_and_writes_nothing(arguments, tmp_path, option, value, message):
    with pytest.raises(InputError, match=message):
        main([*arguments, option, value, "--output_dir", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
