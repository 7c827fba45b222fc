"""The command line: ``python -m experiments table1``, ``ablation``, ``report`` and ``worst_slices``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from monai_scse.runtime import one_line_input_errors

__all__ = ["main"]

_BUNDLE = Path(__file__).parents[1] / "bundles" / "brain_mri_scse_segmentation"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments", description="The paper's tables.")
    commands = parser.add_subparsers(dest="command", required=True)

    trainings = argparse.ArgumentParser(add_help=False)
    trainings.add_argument("--dataset_dir", type=Path, required=True, help="folder with images/ and labels/")
    trainings.add_argument("--output_dir", type=Path, required=True, help="receives everything; start again to go on")
    trainings.add_argument("--splits", default="5", help="number of folds, or a JSON or YAML file of splits")
    trainings.add_argument("--epochs", type=int, help="length of each training; by default as configured")
    trainings.add_argument("--only", nargs="+", default=[], help="some of the rows: unet, unet_scse, 'axial view', ...")
    trainings.add_argument("--seeds", nargs="+", type=int, default=[0], help="one training of each row a seed")
    trainings.add_argument("--config", nargs="+", default=[], help="further config files, such as paper_recipe.yaml")
    trainings.add_argument("--train_config", nargs="+", default=[], help="further config files of the training alone")
    trainings.add_argument("--device", help="for example cuda:0; by default the bundle's choice")
    trainings.add_argument("--time_budget_minutes", type=float, help="stop cleanly after this time")
    trainings.add_argument("--bundle", type=Path, default=_BUNDLE, help="folder of the bundle")
    table1 = commands.add_parser(
        "table1", parents=[trainings], help="train and test 3 networks with no SE, cSE, sSE and scSE"
    )
    table1.add_argument("--jobs", type=int, default=1, help="trainings at the same time: several keep a large GPU busy")
    commands.add_parser("ablation", parents=[trainings], help="what each step beyond the plain recipe brings")

    report = commands.add_parser("report", help="tables, tests, pictures and a page from the results of table1")
    report.add_argument("--results", nargs="+", type=Path, required=True, help="folders results/ of table1, or copies")
    report.add_argument("--output", type=Path, required=True, help="the page, for example results/recalibration.md")
    ablation = commands.add_parser("report_ablation", help="a table and a page from the results of ablation")
    ablation.add_argument("--results", type=Path, required=True, help="folder results/ of ablation, or a copy")
    ablation.add_argument("--output", type=Path, required=True, help="the page, for example results/recipe.md")
    worst = commands.add_parser("worst_slices", help="a page of pictures: the worst slices of every structure")
    worst.add_argument("--dataset_dir", type=Path, required=True, help="folder with images/ and labels/")
    worst.add_argument("--segmentations", type=Path, required=True, help="folder with <case>_seg.nii.gz")
    worst.add_argument("--output", type=Path, required=True, help="folder that receives index.html")
    worst.add_argument("--count", type=int, default=3, help="slices of a structure, of as many scans")
    worst.add_argument("--protocol", help="numbers of the labels; by default as the bundle trains")
    worst.add_argument("--bundle", type=Path, default=_BUNDLE, help="folder of the bundle")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: as typed. None takes those of the process.

    Returns:
        exit status: 0 when all is done, 3 when the time was up before.

    Raises:
        InputError: when something is wrong with the input. As a program, this prints one line and exits with 1.
    """
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    if command == "table1":
        from .table1 import run_table1
        from .training_queue import TrainingOptions

        jobs = options.pop("jobs")
        return 0 if run_table1(TrainingOptions(**options), jobs) else 3
    if command == "ablation":
        from .ablation import run_ablation
        from .training_queue import TrainingOptions

        return 0 if run_ablation(TrainingOptions(**options)) else 3
    if command == "report_ablation":
        from .ablation_report import write_ablation_report

        write_ablation_report(**options)
        return 0
    if command == "worst_slices":
        from .worst_slices import write_worst_slices

        print(write_worst_slices(**options))
        return 0
    from .report import write_report

    write_report(**options)
    return 0


if __name__ == "__main__":
    one_line_input_errors()
    sys.exit(main())
