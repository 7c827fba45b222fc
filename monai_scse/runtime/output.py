"""The folder for results, checked before the work starts."""

from __future__ import annotations

import secrets
from pathlib import Path

from .arguments import path_of
from .errors import InputError

__all__ = ["check_output_dir"]


def check_output_dir(output_dir: str | Path) -> None:
    """Make the folder for results where it is missing, and check that files can be written there.

    Raises:
        InputError: when the folder cannot be made, or takes no file.
    """
    folder = path_of("output_dir", output_dir)
    trial = folder / f".{secrets.token_hex(4)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"0" * 4096)
        trial.unlink()
    except OSError as error:
        trial.unlink(missing_ok=True) if folder.is_dir() else None
        reason = error.strerror or error
        raise InputError(
            f"{folder}: cannot be written ({reason}); free some space or choose another folder."
        ) from error
