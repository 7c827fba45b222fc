"""How a command ends when a cluster ends its job."""

from __future__ import annotations

import signal
import sys
import threading

__all__ = ["end_on_sigterm"]


def end_on_sigterm() -> None:
    """Let SIGTERM end the process as an error does, so that unfinished files and folders go. Exit status 143.

    SLURM sends it at the time limit of a job, half a minute before it kills.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
