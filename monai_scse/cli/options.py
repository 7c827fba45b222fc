"""Options that the commands which run a bundle share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..labels import OUTPUT_LABELS
from ..runtime import BUNDLES, CONTRASTS, InputError, contrast_configs

__all__ = ["check_workers", "config_files", "output_option", "run_options", "segment_options", "task_argument"]


def _contrast(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse an unknown contrast, with the nearest that there is."""
    try:
        contrast_configs("brain", value)
    except InputError as error:
        raise click.BadParameter(str(error), param=option) from None
    return value


_RUN = (
    click.option("--device", help="cpu, cuda, cuda:1 or mps. By default a GPU where there is one."),
    click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any other entry of the config."),
    click.option(
        "--config", "configs", multiple=True, metavar="FILE", help="A further config file, of the bundle or your own."
    ),
    click.option("--dry-run", is_flag=True, help="Print the bundle command that does the same, and stop."),
    click.option("--verbose", is_flag=True, help="Show the log of MONAI and Ignite."),
)

_SEGMENT = (
    click.option("--tta", is_flag=True, help="Test-time augmentation: better, 2 to 3 times the time."),
    click.option(
        "--contrast",
        callback=_contrast,
        metavar=f"[{'|'.join(CONTRASTS)}]",
        help="Brain: weights for T1 (default), for any contrast, or auto: those for T1 where the scan looks like it.",
    ),
    click.option("--views", is_flag=True, help="Brain: three networks for three views, 6 times the time."),
    click.option(
        "--labels",
        type=click.Choice(OUTPUT_LABELS),
        help="Brain: freesurfer for the numbers of its aseg, with an aseg.stats for each scan. By default classes.",
    ),
    click.option("--report/--no-report", default=True, help="A page for each scan and one for all. On by default."),
    click.option("--skip-existing", is_flag=True, help="Segment only what is missing or incomplete."),
    click.option("--jobs", type=click.IntRange(min=1), default=1, help="Processes on this machine, a scan each."),
    click.option(
        "--dask", metavar="ADDRESS", help="Dask scheduler, whose workers segment the scans: tcp://node1:8786."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, for scripts."),
)

task_argument = click.argument("task", metavar="TASK", type=click.Choice(list(BUNDLES)))


def output_option(required: bool) -> Callable[[Any], Any]:
    """The folder for the results."""
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option("-o", "--output", "output_dir", required=required, type=kind, help="Folder for the results.")


def run_options(function: Any) -> Any:
    """The device, further entries and files of the config, and whether to print the bundle command or its log."""
    return _decorated(function, _RUN)


def segment_options(function: Any) -> Any:
    """What the commands that segment share: better networks, what is written, what is left out, and the workers."""
    return _decorated(function, _SEGMENT)


def _decorated(function: Any, options: Sequence[Callable[[Any], Any]]) -> Any:
    for decorate in reversed(options):
        function = decorate(function)
    return function


def check_workers(options: Mapping[str, Any]) -> None:
    """Refuse workers of two kinds.

    Raises:
        click.UsageError: when both are given.
    """
    if options["jobs"] > 1 and options["dask"]:
        raise click.UsageError("--jobs and --dask exclude each other")


def config_files(options: Mapping[str, Any]) -> list[str]:
    """The configs of a run that segments: those of the bundle that the options stand for, then the user's.

    Raises:
        click.UsageError: when two of them exclude each other.
    """
    contrast, _ = contrast_configs("brain", options["contrast"])
    if contrast and options["views"]:
        raise click.UsageError("--views works with --contrast t1 only, which alone has axial and sagittal weights")
    tta = ["test_time_augmentation.yaml"] if options["tta"] else []
    views = ["view_aggregation.yaml"] if options["views"] else []
    return ["inference.json", *tta, *views, *contrast, *options["configs"]]
