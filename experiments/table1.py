"""The paper's table 1: every network with every recalibration, trained and tested by a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_scse.runtime import InputError

from .bundle_runs import BundleRun
from .combinations import RECALIBRATIONS, Combination, select_combinations
from .output_to_file import output_to_file
from .training_queue import TrainingOptions, load_plan, run_all

__all__ = ["run_table1"]


def _save_qualitative(runs: Sequence[BundleRun], folder: Path) -> None:
    """A picture per network: the first test scan with and without recalibration."""
    from .qualitative import manual_classes, save_qualitative

    parser = runs[0].config("train.json")
    config: dict[str, Any] = dict(parser.get())
    if "organs" in config:
        config["organs"] = parser.get_parsed_content("organs")
    first = {run.combination: run for run in reversed(runs) if run.is_finished}
    for combination in [each for each in first if each.recal == "none"]:
        plain, other = first[combination], first.get(Combination(combination.architecture, "scse"))
        if other is not None and other.title == plain.title:
            case = plain.split.test[0]
            manual, structures = manual_classes(config, plain.cases[case])
            save_qualitative(
                folder / f"qualitative_{combination.architecture}.png",
                plain.cases[case]["image"],
                manual,
                {RECALIBRATIONS[run.combination.recal]: run.folder / f"{case}_seg.nii.gz" for run in (plain, other)},
                structures,
                config.get("hu_window"),
            )


def run_table1(options: TrainingOptions, jobs: int = 1) -> bool:
    """Train and test combinations of network and recalibration. A second call resumes an unfinished first one.

    All that the bundle prints goes to ``table1.log`` in ``output_dir``. ``results/`` gets the settings and the measured
    numbers, see :func:`experiments.raw_results.write_raw_results`. ``runs/`` gets a folder for each run.

    Args:
        options: ``only`` names architectures or combinations.
        jobs: trainings at the same time. Several keep a large GPU busy.

    Returns:
        whether every run is finished.

    Raises:
        InputError: when something is wrong with the input, or ``output_dir`` holds results of other settings.
    """
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: at least one training at a time.")
    combinations = select_combinations(options.only)
    plan = load_plan(options)
    output_dir = options.output_dir
    runs = [
        BundleRun(
            bundle=plan.bundle,
            overlays=plan.overlays,
            folder=output_dir.resolve() / "runs" / f"{combination.name}_{split.name}_seed{seed}",
            combination=combination,
            split=split,
            seed=seed,
            cases=plan.cases,
            epochs=plan.epochs,
            device=options.device,
            train_overlays=plan.train_overlays,
        )
        for seed in options.seeds
        for split in plan.splits
        for combination in combinations
    ]
    finished = run_all(runs, output_dir, "table1.log", options.time_budget_minutes, jobs)
    with output_to_file(output_dir / "table1.log"):
        _save_qualitative(runs, output_dir)
    return finished
