"""What the user types, read, and what is wrong, in one line."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..runtime import find_input_error

__all__ = ["one_line_errors", "parse_settings", "path_word", "with_settings"]

# how MONAI begins when an entry of a config does not fit
_CONFIG_ERRORS = ("Failed to evaluate", "Failed to instantiate", "the referring item")


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


def with_settings(entries: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """The entries that options stand for, and those of ``--set``.

    Args:
        entries: values by the name of the entry, None where the option is not given.
        settings: the words behind each ``--set``.

    Raises:
        click.BadParameter: when an equals sign is missing, or an option has set the entry.
    """
    parsed = parse_settings(settings)
    for name in parsed:
        if entries.get(name) is not None:
            raise click.BadParameter(f"{name} is what another option or argument says", param_hint="--set")
    return {**entries, **parsed}


def path_word(path: str | Path) -> str:
    """A path that neither MONAI nor its command line reads as a reference, a number or a list.

    Example:
        >>> path_word("scans"), path_word("@eaDir"), path_word("1e3")
        ('scans', './@eaDir', './1e3')
    """
    from fire.parser import DefaultParseValue

    word = str(path)
    is_plain = word[:1] not in ("$", "@", "%", "~") and DefaultParseValue(word) == word
    return word if is_plain or os.path.isabs(word) else os.path.join(os.curdir, word)


def _config_error(error: BaseException, options: Mapping[str, Any]) -> str:
    """What is wrong with the user's own entries or files of a config, empty where they are not at fault."""
    given = [f"--{name} {word}" for name, key in (("set", "settings"), ("config", "configs")) for word in options[key]]
    if not given or not str(error).startswith(_CONFIG_ERRORS):
        return ""
    while error.__cause__ is not None:
        error = error.__cause__
    reason = (str(error).splitlines() or [""])[0]
    return f"{', '.join(given)}: the config has no use for it ({type(error).__name__}: {reason}); correct it."


@contextmanager
def one_line_errors(options: Mapping[str, Any] | None = None) -> Iterator[None]:
    """End the command with status 1 and one line when the input is at fault.

    Args:
        options: those of a command that runs a bundle, of which the settings and configs may be at fault.
    """
    try:
        yield
    except Exception as error:
        message = find_input_error(error) or (_config_error(error, options) if options else "")
        if not message:
            raise
        click.echo(f"error: {message}", err=True)
        raise click.exceptions.Exit(1) from None
