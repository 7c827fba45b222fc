"""What went wrong with a case, in words that its user can act on."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from pathlib import Path

from ..runtime import find_input_error
from .cases import case_name

__all__ = ["CaseFailure"]

_MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


@dataclass(frozen=True)
class CaseFailure:
    """Why a case has no result.

    Args:
        case: name of the case.
        file: the file at fault.
        reason: what is wrong.
        cure: what the user can do.
        trace: the traceback of an error that no check expects, empty for others.
    """

    case: str
    file: str
    reason: str
    cure: str
    trace: str = ""

    @classmethod
    def of(cls, file: str | Path, error: BaseException) -> CaseFailure:
        """The failure of the case of a file that ended with an error."""
        file = str(file)
        case = case_name(file)
        input_error = find_input_error(error)
        if input_error is not None:
            return cls(case, *_parts(str(input_error), file))
        cause = _first_cause(error)
        if isinstance(cause, MemoryError) or any(words in str(cause).lower() for words in _MEMORY_WORDS):
            return cls(
                case, file, "needs more memory than is free", "end other programs, or use a machine with more memory."
            )
        lines = str(cause).strip().splitlines() or ["no message"]
        trace = "".join(traceback.format_exception(error))
        return cls(case, file, f"{type(cause).__name__}: {lines[0]}", "report it with the log.", trace)

    @property
    def row(self) -> dict[str, str]:
        """What tables say of it: file, reason and cure."""
        return {"file": self.file, "reason": self.reason, "cure": self.cure}

    @property
    def message(self) -> str:
        """One line with file, reason and cure."""
        return f"{self.file}: {self.reason}; {self.cure}"


def _parts(message: str, file: str) -> tuple[str, str, str]:
    """File, reason and cure of a message ``<file>: <reason>; <cure>``."""
    named, colon, rest = message.partition(": ")
    if message.startswith(f"{file}: "):  # a file name may hold ": "
        named, rest = file, message.removeprefix(f"{file}: ")
    elif not colon or os.sep not in named:
        named, rest = file, message
    reason, semicolon, cure = rest.rpartition("; ")
    return (named, reason, cure) if semicolon else (named, rest, "")


def _first_cause(error: BaseException) -> BaseException:
    """The error that started a chain of errors."""
    while (cause := error.__cause__ or (None if error.__suppress_context__ else error.__context__)) is not None:
        error = cause
    return error
