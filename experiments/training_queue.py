"""Many trainings of the bundle, one after the other: what they have in common, and how far they are."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import multiprocessing.connection
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_scse.data import case_name, labelled_cases
from monai_scse.runtime import InputError, atomic_write

from .bundle_runs import BundleRun
from .combinations import ARCHITECTURES
from .output_to_file import output_to_file
from .raw_results import write_raw_results
from .splits import Split, read_splits

__all__ = ["Plan", "TrainingOptions", "bundle_overlay", "load_plan", "status_lines", "run_all"]


@dataclass(frozen=True)
class TrainingOptions:
    """The options of a command that trains, as on the command line.

    Args:
        dataset_dir: folder with ``images/`` and ``labels/``.
        output_dir: receives everything.
        bundle: folder of the bundle.
        splits: a number of folds or a file, see :func:`experiments.splits.read_splits`.
        only: some of the rows. Empty takes all.
        seeds: seeds of the trainings. All rows are trained with one before the next.
        config: further config files of the bundle, for example ``["paper_recipe.yaml"]``.
        train_config: further config files of the training alone, for example ``["volumetric_train.yaml"]``.
        epochs: length of each training. None takes that of the configs.
        device: for example ``"cuda:0"``. None leaves it to the bundle.
        time_budget_minutes: time for the whole command. None sets no limit.
    """

    dataset_dir: Path
    output_dir: Path
    bundle: Path
    splits: str = "5"
    only: Sequence[str] = ()
    seeds: Sequence[int] = (0,)
    config: Sequence[str] = ()
    train_config: Sequence[str] = ()
    epochs: int | None = None
    device: str | None = None
    time_budget_minutes: float | None = None


@dataclass(frozen=True)
class Plan:
    """What all trainings of a command have in common. The fields are those of :class:`BundleRun`."""

    bundle: Path
    overlays: tuple[Path, ...]
    train_overlays: tuple[Path, ...]
    splits: tuple[Split, ...]
    cases: dict[str, dict[str, str]]
    epochs: int


def bundle_overlay(bundle: Path, name: str) -> Path:
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
        atomic_write(file, lambda path: path.write_text(text))


def _digest(bundle: Path) -> str:
    """Digest of the bundle's config files that train and test: other ones give other results."""
    configs = bundle / "configs"
    networks = [f"{architecture}.yaml" for architecture in ARCHITECTURES]
    files = [configs / name for name in ("train.json", "evaluate.json", "inference.json", *networks)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest()[:16]


def _settings(plan: Plan) -> dict[str, Any]:
    metadata = json.loads((plan.bundle / "configs" / "metadata.json").read_text())
    return {
        "bundle": f"{plan.bundle.name} {metadata['version']}",
        "epochs": plan.epochs,
        "bundle_configs": _digest(plan.bundle),
        "config": {file.name: file.read_text() for file in plan.overlays},
        "train_config": {file.name: file.read_text() for file in plan.train_overlays},
        "splits": {
            split.name: {"train": list(split.train), "validation": list(split.validation), "test": list(split.test)}
            for split in plan.splits
        },
    }


def load_plan(options: TrainingOptions) -> Plan:
    """Check the options of a command, and note them in ``results/settings.json`` of its ``output_dir``.

    Raises:
        InputError: when something is wrong with the input, or ``output_dir`` holds results of other settings.
    """
    bundle, epochs = options.bundle, options.epochs
    if not (bundle / "configs" / "train.json").is_file():
        raise InputError(f"{bundle}: no bundle with configs/train.json here; name its folder with --bundle.")
    overlays = tuple(bundle_overlay(bundle, name) for name in options.config)
    train_overlays = tuple(bundle_overlay(bundle, name) for name in options.train_config)
    cases = {case_name(case["image"]): case for case in labelled_cases(options.dataset_dir)}
    chosen_splits = tuple(read_splits(options.splits, list(cases)))
    epochs = _default_epochs(bundle, overlays + train_overlays) if epochs is None else epochs
    if epochs < 1:
        raise InputError(f"--epochs {epochs}: a training has at least one epoch.")
    plan = Plan(bundle.resolve(), overlays, train_overlays, chosen_splits, cases, epochs)
    _keep_settings(options.output_dir / "results" / "settings.json", _settings(plan))
    return plan


def status_lines(runs: Sequence[BundleRun]) -> list[str]:
    """A line per combination or step that says what is done and what is left.

    Args:
        runs: all runs of the command.
    """
    lines, width = [], max(18, *(len(run.name) + 1 for run in runs))
    for name in dict.fromkeys(run.name for run in runs):
        named = [run for run in runs if run.name == name]
        unfinished = []
        for run in named:
            if not run.is_finished:
                epochs = run.iterations_done()[1]
                state = f"{epochs:.3g} of {run.epochs} epochs" if epochs else "not started"
                unfinished.append(f"{run.title} ({state})")
        done = f"{len(named) - len(unfinished)} of {len(named)} done"
        lines.append(f"{name + ':':{width}} {done}" + (f", left: {', '.join(unfinished)}" if unfinished else ""))
    return lines


def _run(run: BundleRun, deadline: float | None) -> bool:
    """Train and test within the time. Returns whether there was time left at the start."""
    minutes = None if deadline is None else (deadline - time.time()) / 60
    if minutes is not None and minutes <= 0:
        return False
    run.run(minutes)
    return True


def _run_with_own_log(run: BundleRun, deadline: float | None) -> bool:
    run.folder.mkdir(parents=True, exist_ok=True)
    with output_to_file(run.folder / "run.log"):
        return _run(run, deadline)


def _share_the_machine(jobs: int) -> None:
    """Take a fair share of the cores, and end with the process that started this one, also when that is killed."""
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() // jobs))
    parent = multiprocessing.parent_process()
    assert parent is not None, "runs in a process of the pool"
    sentinel = parent.sentinel

    def follow() -> None:
        multiprocessing.connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _as_they_finish(runs: Sequence[BundleRun], deadline: float | None, jobs: int) -> Iterator[BundleRun]:
    """The runs that were worked on, in the order in which they finish. ``jobs`` of them run at the same time."""
    if jobs == 1:
        yield from (run for run in runs if _run(run, deadline))
        return
    context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    pool = ProcessPoolExecutor(jobs, context, initializer=_share_the_machine, initargs=(jobs,))
    try:
        futures = {pool.submit(_run_with_own_log, run, deadline): run for run in runs}
        for future in as_completed(futures):
            if future.result():
                yield futures[future]
    finally:
        pool.shutdown(cancel_futures=True)


def run_all(
    runs: Sequence[BundleRun], output_dir: Path, log: str, time_budget_minutes: float | None, jobs: int = 1
) -> bool:
    """Train and test what is not finished yet, print how far everything is, and collect what was measured.

    All that the bundle prints goes to a log file. ``results/`` gets the measured numbers
    (:func:`experiments.raw_results.write_raw_results`).

    Args:
        runs: in the order in which they are to be done, all with their folders in ``runs/`` of ``output_dir``.
        output_dir: receives the log and the results.
        log: name of the log file.
        time_budget_minutes: time for all of it. None sets no limit.
        jobs: how many runs at the same time, each in a process of its own with ``run.log`` in its folder.

    Returns:
        whether every run is finished.
    """
    deadline = None if time_budget_minutes is None else time.time() + 60 * time_budget_minutes
    logs = output_dir / log if jobs == 1 else output_dir / "runs" / "*" / "run.log"
    print(*status_lines(runs), f"The bundle's own output goes to {logs}.", sep="\n", flush=True)
    with output_to_file(output_dir / log) as print_line:
        for run in _as_they_finish([run for run in runs if not run.is_finished], deadline, jobs):
            write_raw_results(output_dir / "runs", output_dir / "results")
            print_line(*status_lines([each for each in runs if each.name == run.name]))
    write_raw_results(output_dir / "runs", output_dir / "results")
    print("All together:", *status_lines(runs), sep="\n", flush=True)
    return all(run.is_finished for run in runs)
