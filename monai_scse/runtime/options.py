"""Names of options that no part of a bundle's config uses."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import InputError

__all__ = ["check_options"]


def _typed_options(arguments: Sequence[str]) -> dict[str, str]:
    """Names and values of ``--name value`` and ``--name=value``, as Python Fire reads them."""
    options: dict[str, str] = {}
    for argument, following in zip(arguments, [*arguments[1:], ""]):
        if argument.startswith("--"):
            name, equals, value = argument[2:].partition("=")
            options[name.replace("-", "_")] = value if equals else following
    return options


def _files(value: str) -> list[str]:
    try:
        files = ast.literal_eval(value)
    except (SyntaxError, ValueError):
        files = value.split(",")
    return [files] if isinstance(files, str) else [str(file).strip() for file in files]


def _is_used(config: Any, name: str) -> bool:
    part: Any = config
    *parents, last = re.split("#|::", name)
    for key in parents:
        if isinstance(part, list) and key.isdigit() and int(key) < len(part):
            part = part[int(key)]
        elif isinstance(part, dict) and key in part:
            part = part[key]
        else:
            return False
    if isinstance(part, list):
        return last.isdigit() and int(last) < len(part)
    # an object takes arguments that its entry does not name yet
    return isinstance(part, dict) and bool(last in part or "_target_" in part or re.search(rf"@{last}\b", str(part)))


def _check_path(name: str, value: str) -> None:
    """Refuse a path that the command line reads as something else."""
    from fire.parser import DefaultParseValue

    if not value or value.startswith("--"):
        raise InputError(f"--{name}: has no value, which makes it True; write --{name} and the path.")
    if value.startswith("~"):
        raise InputError(f"--{name}={value}: the shell leaves '~' as it is here; write --{name} {value}, without '='.")
    read = DefaultParseValue(value)
    is_other = Path(value).exists() if isinstance(read, (list, tuple)) else str(read) != value  # a list names several
    if read is not None and is_other:
        raise InputError(f"--{name} {value}: is read as {read!r}; write ./{value}.")


def check_options(arguments: Sequence[str] | None = None) -> None:
    """Refuse options of ``python -m monai.bundle run`` that no part of the config uses, misspelt ones among them.

    MONAI adds any option to the config, where nothing reads it. Overrides given in process, as MONAI Label and
    ``MonaiAlgo`` give them, are not checked.

    Args:
        arguments: as typed, the program first. None for those of the process.

    Raises:
        InputError: when a name is not used. The message names the nearest one that is. Also for a path that the
            command line changes.
    """
    from monai.bundle import ConfigParser, run

    program, *typed = sys.argv if arguments is None else arguments
    if Path(program).parts[-3:] != ("monai", "bundle", "__main__.py") or typed[:1] != ["run"]:
        return
    options = _typed_options(typed[1:])
    if "config_file" not in options:
        return
    config = ConfigParser.load_config_files(_files(options["config_file"]))
    known = set(inspect.signature(run).parameters) - {"override"}
    for name, value in options.items():
        if "#" in value and value[:1] not in ("$", "@", "%"):
            raise InputError(
                f"--{name} {value}: MONAI rewrites '#'; rename the file or folder, or link to it without '#'."
            )
        if name.endswith(("_dir", "_path", "_root")):
            _check_path(name, value)
        if name not in known and not _is_used(config, name):
            nearest = difflib.get_close_matches(name, [*known, *config], n=1)
            cure = f"did you mean --{nearest[0]}?" if nearest else f"leave it out, or see {options['config_file']}."
            raise InputError(f"--{name}: no part of the config uses this option; {cure}")
