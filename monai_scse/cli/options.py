"""Options that the commands which run a bundle share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..runtime import BUNDLES

__all__ = ["output_option", "run_options", "task_argument"]

_RUN = (
    click.option("--device", help="cpu, cuda, cuda:1 or mps. By default a GPU where there is one."),
    click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any other entry of the config."),
    click.option(
        "--config", "configs", multiple=True, metavar="FILE", help="A further config file, of the bundle or your own."
    ),
    click.option("--dry-run", is_flag=True, help="Print the bundle command that does the same, and stop."),
    click.option("--verbose", is_flag=True, help="Show the log of MONAI and Ignite."),
)

task_argument = click.argument("task", metavar="TASK", type=click.Choice(list(BUNDLES)))


def output_option(required: bool) -> Callable[[Any], Any]:
    """The folder for the results."""
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option("-o", "--output", "output_dir", required=required, type=kind, help="Folder for the results.")


def run_options(function: Any) -> Any:
    """The device, further entries and files of the config, and whether to print the bundle command or its log."""
    for decorate in reversed(_RUN):
        function = decorate(function)
    return function
