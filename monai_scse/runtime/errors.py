"""Errors that are the input's fault, printed as one line."""

from __future__ import annotations

import errno
import logging
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["InputError", "find_input_error", "one_line_input_errors"]


class InputError(ValueError):
    """Something is wrong with what the user gave. The message is one line that names the file and the cure."""

    def __init__(self, message: str) -> None:
        super().__init__(message.replace("\n", r"\n").replace("\r", r"\r"))  # a file name may hold either


def find_input_error(error: BaseException | None) -> InputError | None:
    """The :class:`InputError` that an error is or was raised from, or None."""
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error


def _is_full_disk(error: BaseException | None) -> bool:
    """Whether an error is or was raised from that of a full disk, which a logger of a library may meet."""
    while error is not None and not (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        error = error.__cause__ or error.__context__
    return error is not None


def _print_exception(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    input_error = find_input_error(error)
    if input_error is not None:
        print(f"error: {input_error}", file=sys.stderr)
    elif _is_full_disk(error):
        print("error: output folders: the disk is full; free some space or choose other folders.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)


def _log_record(*arguments: Any, **options: Any) -> logging.LogRecord:
    """A log record without the traceback of an :class:`InputError`, which Ignite and MONAI log when a run ends."""
    record = logging.LogRecord(*arguments, **options)
    if record.exc_info and find_input_error(record.exc_info[1]) is not None:
        record.exc_info = None
    return record


def _is_command(program: str) -> bool:
    """Whether the path of a running program is MONAI's bundle command or one of this project."""
    path = Path(program)
    return (
        path.parts[-3:] == ("monai", "bundle", "__main__.py")  # python -m monai.bundle
        or path.parts[-2:] == ("experiments", "__main__.py")  # python -m experiments
        or path.stem == "monai-scse"
        or path.resolve().is_relative_to(Path(__file__).resolve().parents[1])  # python -m monai_scse.synthetic.ct
    )


def one_line_input_errors() -> None:
    """Let a command that ends with an :class:`InputError`, however wrapped, print its one line and no traceback.

    The same holds for a full disk, and for what is logged about the error.

    The exit status stays 1. Only commands change: ``python -m monai.bundle``, ``monai-scse``, ``python -m experiments``
    and the modules of this package. A server, a federated client, a test or a notebook that runs a bundle keeps its
    ``sys.excepthook``, and receives exceptions. The bundles and the commands call this first.
    """
    if _is_command(sys.argv[0]):
        sys.excepthook = _print_exception
        logging.setLogRecordFactory(_log_record)
