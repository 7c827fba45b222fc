"""Files that are written whole or not at all, and files that must be there."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .arguments import path_of
from .errors import InputError

__all__ = ["atomic_write", "existing_file", "is_lfs_pointer"]

_CURES = {
    errno.ENAMETOOLONG: "give the scan a shorter name",
    errno.EISDIR: "remove the folder of this name",
}


def atomic_write(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then move it to ``path``.

    The unfinished file is hidden, ends as ``path`` does, and has a short name that no other process uses. Its content
    is on the disk before its final name. A crash leaves the previous file or the new one, never half of one.

    Args:
        path: the final file. Missing folders are made.
        write: called with the path of the unfinished file.

    Raises:
        InputError: when the folder cannot be written or the disk is full.
    """
    path = path_of("path", path)
    unfinished = path.with_name(f".{secrets.token_hex(4)}.part.{path.name[-16:]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(unfinished)
        with unfinished.open("r+b") as file:  # Windows flushes no file that is open for reading alone
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        reason = error.strerror or error
        cure = _CURES.get(error.errno or 0, "free some space or choose another folder")
        raise InputError(f"{path}: cannot be written ({reason}); {cure}.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def existing_file(path: str | Path, hint: str) -> str:
    """The path, when the file exists.

    Args:
        path: the file.
        hint: what the user can do when it does not.

    Raises:
        InputError: when it does not exist.
    """
    if not path_of("path", path).is_file():
        raise InputError(f"{path}: no such file; {hint}")
    return str(path)


def is_lfs_pointer(start: bytes) -> bool:
    """Whether a file is a pointer of Git LFS, which stands in place of the file until ``git lfs pull``.

    Args:
        start: its first bytes, at least 23.
    """
    return start.startswith(b"version https://git-lfs")
