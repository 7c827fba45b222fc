"""Errors that are the input's fault, told in one line."""

from __future__ import annotations

import sys
from types import TracebackType

__all__ = ["InputError", "one_line_input_errors"]


class InputError(ValueError):
    """Something is wrong with what the user gave; the message is one line that names the file and the cure."""


def _find_input_error(error: BaseException | None) -> InputError | None:
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error


def _print_exception(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    input_error = _find_input_error(error)
    if input_error is None:
        sys.__excepthook__(kind, error, traceback)
    else:
        print(f"error: {input_error}", file=sys.stderr)


def one_line_input_errors() -> None:
    """Let a program that ends with an :class:`InputError`, however wrapped, print its one line instead of a traceback.

    The exit status stays non-zero. The bundles call this first; a library should not.
    """
    sys.excepthook = _print_exception
