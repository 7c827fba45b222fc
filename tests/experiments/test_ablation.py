"""Trainings of the recipe's steps on phantoms by the real bundle, and their gains."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.phantom_brains import phantom, save_case

from experiments.__main__ import main
from experiments.ablation import run_ablation
from experiments.ablation_report import gain_table
from experiments.bundle_runs import BundleRun
from experiments.training_queue import TrainingOptions
from monai_scse.runtime import InputError

BUNDLE = Path(__file__).parents[2] / "bundles/brain_mri_scse_segmentation"

STEPS = ["all", "axial view", "sagittal view", "weight averaging", "test-time augmentation", "three views"]


@pytest.fixture(scope="module")
def arguments(tmp_path_factory) -> list[str]:
    """What a user types, but the steps: two scans to train on, one to test."""
    folder = tmp_path_factory.mktemp("steps")
    for seed in range(3):
        save_case(folder / "scans", f"case{seed}", *phantom(seed))
    (folder / "small.yaml").write_text("network_def#features: 4\n")
    (folder / "split.yaml").write_text("fixed: {train: [case0, case1], test: [case2]}")
    options = {"dataset_dir": "scans", "output_dir": "out", "splits": "split.yaml"}
    typed = [word for name, value in options.items() for word in (f"--{name}", str(folder / value))]
    config = ["--config", "reduced.yaml", "neighbouring_slices.yaml", str(folder / "small.yaml")]
    return ["ablation", *typed, *config, "--epochs", "1", "--device", "cpu"]


@pytest.fixture(scope="module")
def results(arguments: list[str]) -> Path:
    assert main([*arguments, "--only", *STEPS]) == 0
    return Path(arguments[arguments.index("--output_dir") + 1]) / "results"


@pytest.mark.long
def test_every_step_is_trained_or_tested(results: Path) -> None:
    dice = pd.read_csv(results / "dice.csv")
    assert set(dice["step"]) == set(STEPS)
    assert dice.groupby("step").size().eq(27).all()
    runs = pd.read_csv(results / "runs.csv").set_index("step")
    assert (runs["iterations"] == 0).to_dict() == {step: step in STEPS[-2:] for step in STEPS}


@pytest.mark.long
def test_tests_take_the_weights_of_their_trainings(results: Path) -> None:
    dice = pd.read_csv(results / "dice.csv").set_index(["step", "structure"])["dice"]
    for step in STEPS[-2:]:
        assert not dice[step].equals(dice["all"])
    assert not (results.parent / "runs/three_views_fixed_seed0/model.pt").exists()


@pytest.mark.long
def test_page_has_a_row_a_step(results: Path, tmp_path: Path) -> None:
    assert main(["report_ablation", "--results", str(results), "--output", str(tmp_path / "recipe.md")]) == 0
    page = (tmp_path / "recipe.md").read_text()
    assert "| the recipe |" in page
    shown = [step for step in STEPS[1:] if step != "sagittal view"]
    assert all(f"| {step} |" in page for step in shown)
    for name in ("gains.csv", "dice.csv"):
        assert (tmp_path / "recipe/out" / name).is_file()


def test_gains_by_hand() -> None:
    less = "without Dice in the loss"
    rows = [("all", 0, 0.8, 0.7), ("all", 1, 0.82, 0.7), (less, 0, 0.78, 0.7)]
    rows += [(less, 1, 0.78, 0.7), ("three views", 0, 0.84, 0.8), ("three views", 1, 0.84, 0.8)]
    dice = pd.DataFrame(
        [
            (*row[:2], "one", name, value)
            for row in rows
            for name, value in zip(("brainstem", "left amygdala"), row[2:])
        ],
        columns=["step", "seed", "case", "structure", "dice"],
    )
    table = gain_table(dice)
    assert list(table.index) == ["all", less, "three views"]
    assert table.loc["all", "dice"] == pytest.approx(0.755)
    assert table.loc[less, "gain"] == pytest.approx(0.015)  # (0.01 + 0.02) / 2 are lost without it
    assert table.loc["three views", "gain"] == pytest.approx(0.065)
    assert table.loc["three views", "amygdala"] == pytest.approx(0.8)
    assert table.loc[less, "gain_low"] < 0.015 < table.loc[less, "gain_high"]


def test_unknown_step_and_foreign_results_are_named(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--only four views: no such step; choose from 'all', "):
        main([*arguments, "--only", "four views"])
    with pytest.raises(InputError, match="no such folder"):
        main(["report_ablation", "--results", str(tmp_path / "none"), "--output", str(tmp_path / "recipe.md")])


def test_steps_are_those_of_the_bundles_own_network(arguments: list[str], tmp_path: Path, monkeypatch) -> None:
    started: list[BundleRun] = []
    monkeypatch.setattr("experiments.ablation.run_all", lambda runs, *_: started.extend(runs))
    options = dict(zip(arguments[1::2], arguments[2::2]))
    run_ablation(
        TrainingOptions(
            Path(options["--dataset_dir"]),
            tmp_path,
            BUNDLE,
            splits=options["--splits"],
            only=["all"],
            train_config=["age_augmentation.yaml"],
            epochs=1,
        )
    )
    (run,) = started
    configs = BUNDLE / "configs"
    assert run.config_files("train.json") == [str(configs / "train.json"), str(configs / "age_augmentation.yaml")]
    assert run.config_files("evaluate.json") == [str(configs / "train.json"), str(configs / "evaluate.json")]


def test_weights_of_an_unfinished_training_are_refused(arguments: list[str], tmp_path: Path) -> None:
    typed = [*arguments, "--output_dir", str(tmp_path), "--only", "test-time augmentation"]
    with pytest.raises(InputError, match=r"test-time augmentation: the training in .*all_fixed_seed0 is not finished"):
        main(typed)
