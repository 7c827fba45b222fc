"""The paper's table 1: every network with every recalibration, trained and tested by the brain bundle."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..data import case_name, labelled_cases, write_in_one_step
from ..errors import InputError
from .bundle_runs import BundleRun
from .combinations import RECALIBRATIONS, Combination, select_combinations
from .output_to_file import output_to_file
from .raw_results import write_raw_results
from .splits import Split, read_splits

__all__ = ["run_table1", "status_lines"]


def _overlay(bundle: Path, name: str) -> Path:
    """A config file that a user names by its path, or by its name among the bundle's configs."""
    for file in (Path(name), bundle / name, bundle / "configs" / name):
        if file.is_file():
            return file.resolve()
    raise InputError(f"{name}: no such config file, neither here nor in {bundle / 'configs'}.")


def _default_epochs(bundle: Path, overlays: Sequence[Path]) -> int:
    from monai.bundle import ConfigParser

    parser = ConfigParser()
    parser.read_config([str(bundle / "configs" / "train.json"), *map(str, overlays)])
    return int(parser.get_parsed_content("epochs"))


def _keep_settings(file: Path, settings: dict[str, Any]) -> None:
    """Note what the results are made with, and refuse to mix results of different settings."""
    if file.is_file():
        noted = json.loads(file.read_text())
        changed = sorted(name for name in noted.keys() | settings.keys() if noted.get(name) != settings.get(name))
        if changed:
            raise InputError(
                f"{file}: these results were made with other {', '.join(changed)}; repeat the options of the first "
                f"start or choose another output_dir."
            )
    else:
        text = json.dumps(settings, indent=2)
        write_in_one_step(file, lambda path: path.write_text(text))


def status_lines(runs: Sequence[BundleRun]) -> list[str]:
    """A line per combination that says what is done and what is left.

    Args:
        runs: all runs of the command.
    """
    lines = []
    for combination in dict.fromkeys(run.combination for run in runs):
        its = [run for run in runs if run.combination == combination]
        left = []
        for run in its:
            if not run.is_finished:
                epochs = run.iterations_done()[1]
                state = f"{epochs:.3g} of {run.epochs} epochs" if epochs else "not started"
                left.append(f"{run.title} ({state})")
        done = f"{len(its) - len(left)} of {len(its)} done"
        lines.append(f"{combination.name + ':':18} {done}" + (f", left: {', '.join(left)}" if left else ""))
    return lines


def _save_qualitative(runs: Sequence[BundleRun], folder: Path, protocol: str) -> None:
    """A picture per network: the first test scan with and without recalibration."""
    from .qualitative import save_qualitative

    first = {run.combination: run for run in reversed(runs) if run.is_finished}
    for combination in [each for each in first if each.recal == "none"]:
        plain, other = first[combination], first.get(Combination(combination.architecture, "scse"))
        if other is not None and other.title == plain.title:
            case = plain.split.test[0]
            save_qualitative(
                folder / f"qualitative_{combination.architecture}.png",
                plain.cases[case],
                {RECALIBRATIONS[run.combination.recal]: run.folder / f"{case}_seg.nii.gz" for run in (plain, other)},
                protocol,
            )


def _protocol(run: BundleRun) -> str:
    from monai.bundle import ConfigParser

    parser = ConfigParser()
    parser.read_config(run.config_files("train.json"))
    return parser["label_protocol"]


def run_table1(
    dataset_dir: Path,
    output_dir: Path,
    bundle: Path,
    splits: str = "5",
    only: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    config: Sequence[str] = (),
    epochs: int | None = None,
    device: str | None = None,
    time_budget_minutes: float | None = None,
) -> bool:
    """Train and test combinations of network and recalibration; goes on where an earlier call stopped.

    All that the bundle prints goes to ``table1.log`` in ``output_dir``; ``results/`` there gets the settings and the
    measured numbers (:func:`monai_scse.experiments.raw_results.write_raw_results`), ``runs/`` a folder for each run.

    Args:
        dataset_dir: folder with ``images/`` and ``labels/``.
        output_dir: receives everything.
        bundle: folder of the bundle, with a config ``variants/<network>_<recalibration>.yaml`` for each combination.
        splits: a number of folds or a file, see :func:`monai_scse.experiments.splits.read_splits`.
        only: architectures or combinations; empty for all 12.
        seeds: seeds of the trainings; all combinations are trained with one before the next.
        config: further config files of the bundle, for example ``["paper_recipe.yaml"]``.
        epochs: length of each training; None for what the configs say.
        device: for example ``"cuda:0"``; None for the bundle's choice.
        time_budget_minutes: time for the whole call; None for no limit.

    Returns:
        whether every run is finished.

    Raises:
        InputError: when something is wrong with the input, or ``output_dir`` holds results of other settings.
    """
    end = None if time_budget_minutes is None else time.monotonic() + 60 * time_budget_minutes
    combinations = select_combinations(only)
    if not (bundle / "configs" / "train.json").is_file():
        raise InputError(f"{bundle}: no bundle with configs/train.json here; name its folder with --bundle.")
    overlays = tuple(_overlay(bundle, name) for name in config)
    cases = {case_name(case["image"]): case for case in labelled_cases(dataset_dir)}
    chosen_splits = read_splits(splits, list(cases))
    epochs = _default_epochs(bundle, overlays) if epochs is None else epochs
    if epochs < 1:
        raise InputError(f"--epochs {epochs}: a training has at least one epoch.")
    results = output_dir / "results"
    _keep_settings(results / "settings.json", _settings(bundle, overlays, chosen_splits, epochs))

    runs = [
        BundleRun(
            bundle=bundle.resolve(),
            overlays=overlays,
            folder=output_dir.resolve() / "runs" / f"{combination.name}_{split.name}_seed{seed}",
            combination=combination,
            split=split,
            seed=seed,
            cases=cases,
            epochs=epochs,
            device=device,
        )
        for seed in seeds
        for split in chosen_splits
        for combination in combinations
    ]
    print(*status_lines(runs), f"The bundle's own output goes to {output_dir / 'table1.log'}.", sep="\n", flush=True)
    with output_to_file(output_dir / "table1.log") as tell:
        for run in runs:
            left = None if end is None else (end - time.monotonic()) / 60
            if run.is_finished or (left is not None and left <= 0):
                continue
            run.run(left)
            write_raw_results(output_dir / "runs", results)
            tell(*status_lines([each for each in runs if each.combination == run.combination]))
        _save_qualitative(runs, output_dir, _protocol(runs[0]))
    write_raw_results(output_dir / "runs", results)
    print("All together:", *status_lines(runs), sep="\n", flush=True)
    return all(run.is_finished for run in runs)


def _settings(bundle: Path, overlays: Sequence[Path], splits: Sequence[Split], epochs: int) -> dict[str, Any]:
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    return {
        "bundle": f"{bundle.resolve().name} {metadata['version']}",
        "epochs": epochs,
        "config": {file.name: file.read_text() for file in overlays},
        "splits": {
            split.name: {"train": list(split.train), "validation": list(split.validation), "test": list(split.test)}
            for split in splits
        },
    }
