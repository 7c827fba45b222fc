"""What each step beyond the plain recipe brings: trainings without one of them, and tests with one more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from monai_scse.runtime import InputError

from .bundle_runs import BundleRun
from .combinations import Combination
from .splits import Split
from .training_queue import Plan, TrainingOptions, bundle_overlay, load_plan, run_all

__all__ = ["STEPS", "run_ablation"]

#: the bundle's own recipe, which all others are compared with
ALL = "all"
#: config files of the network, for training and test
NETWORKS = {
    "without neighbouring slices": "single_slice.yaml",
    "axial view": "axial_view.yaml",
    "sagittal view": "sagittal_view.yaml",
}
#: config files of the training alone
TRAININGS = {
    "without Dice in the loss": "cross_entropy.yaml",
    "age and scanner": "age_augmentation.yaml",
    "head tissue": "head_tissue.yaml",
    "weight averaging": "weight_averaging.yaml",
}
#: config files of the test alone, and the trainings whose weights it takes, by entry of the config
TESTS = {
    "test-time augmentation": "test_time_augmentation.yaml",
    "three views": "view_aggregation.yaml",
}
WEIGHTS = {
    "test-time augmentation": {"ckpt_path": ALL},
    "three views": {"ckpt_path": ALL, "axial_path": "axial view", "sagittal_path": "sagittal view"},
}
STEPS = (ALL, *NETWORKS, *TRAININGS, *TESTS)


def _run(plan: Plan, step: str, folder: Path, split: Split, seed: int, device: str | None) -> BundleRun:
    def folder_of(step: str) -> Path:
        return folder / f"{step.replace(' ', '_')}_{split.name}_seed{seed}"

    def overlay(files: Mapping[str, str]) -> tuple[Path, ...]:
        return (bundle_overlay(plan.bundle, files[step]),) if step in files else ()

    sources = WEIGHTS.get(step, {})
    return BundleRun(
        bundle=plan.bundle,
        overlays=plan.overlays + overlay(NETWORKS),
        folder=folder_of(step),
        combination=Combination("unet", "scse"),
        split=split,
        seed=seed,
        cases=plan.cases,
        epochs=plan.epochs,
        device=device,
        step=step,
        train_overlays=plan.train_overlays + overlay(TRAININGS),
        test_overlays=overlay(TESTS),
        weights={entry: folder_of(source) / "model.pt" for entry, source in sources.items()} or None,
    )


def run_ablation(options: TrainingOptions) -> bool:
    """Train and test the bundle's recipe, the recipe without one of its steps, and with one more.

    Args:
        options: ``only`` names steps of :data:`STEPS`. A step that is tested only needs the trainings whose weights it
            takes.

    Returns:
        whether every run is finished.

    Raises:
        InputError: when something is wrong with the input, or ``output_dir`` holds results of other settings.
    """
    for step in options.only:
        if step not in STEPS:
            raise InputError(f"--only {step}: no such step; choose from {', '.join(map(repr, STEPS))}.")
    plan = load_plan(options)
    steps = [step for step in STEPS if not options.only or step in options.only]
    runs = [
        _run(plan, step, options.output_dir.resolve() / "runs", split, seed, options.device)
        for seed in options.seeds
        for split in plan.splits
        for step in steps
    ]
    return run_all(runs, options.output_dir, "ablation.log", options.time_budget_minutes)
