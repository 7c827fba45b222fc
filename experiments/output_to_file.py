"""Keeping what libraries print apart from what a user should read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["output_to_file"]


@contextmanager
def output_to_file(file: Path) -> Iterator[Callable[..., None]]:
    """Append everything that this process prints, its loggers and C libraries included, to a file.

    Args:
        file: the log.

    Yields:
        a function that still prints lines for the user.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]

    def print_line(*lines: str) -> None:
        os.write(kept[0], "".join(f"{line}\n" for line in lines).encode())

    try:
        with file.open("ab") as log:
            for number in (1, 2):
                os.dup2(log.fileno(), number)
        yield print_line
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, original in zip((1, 2), kept):
            os.dup2(original, number)
            os.close(original)
