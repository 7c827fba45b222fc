"""Files that are written whole or not at all, and files that must be there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .errors import InputError

__all__ = ["atomic_write", "existing_file"]


def atomic_write(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then move it to ``path``.

    Args:
        path: the final file; missing folders are made.
        write: called with the path of the unfinished file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def existing_file(path: str | Path, hint: str) -> str:
    """The path, when the file exists.

    Args:
        path: the file.
        hint: what the user can do when it does not.

    Raises:
        InputError: when it does not exist.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; {hint}")
    return str(path)
