"""What the user types, read, and what is wrong, in one line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from ..runtime import find_input_error

__all__ = ["one_line_errors", "parse_settings"]


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Values of ``name=value``, read as MONAI's command line reads them.

    Raises:
        click.BadParameter: when an equals sign is missing.
    """
    parsed = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{setting!r} is not name=value", param_hint="--set")
        try:
            parsed[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            parsed[name] = value
    return parsed


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the command with status 1 and one line when the input is at fault."""
    try:
        yield
    except Exception as error:
        if (input_error := find_input_error(error)) is None:
            raise
        click.echo(f"error: {input_error}", err=True)
        raise click.exceptions.Exit(1) from None
