"""How a process uses the processor: threads, and memory that is kept."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

__all__ = ["available_cores", "prepare_environment", "prepare_processor"]

# Freed memory below this size stays with the process. 32 MiB is the most that glibc accepts for single pieces. Without
# it each step of a network asks the system for new pages, which takes a fifth of a forward pass.
_KEPT_BYTES, _KEPT_PIECE_BYTES = 2**29, 2**25
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>

#: Settings of OpenMP, GNU's and Intel's, by which threads that wait leave their core to others.
SLEEPING_THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
_KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(_KEPT_BYTES), "MALLOC_MMAP_THRESHOLD_": str(_KEPT_PIECE_BYTES)}


def prepare_environment(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let threads that wait sleep, and processes keep freed memory, where the user has not chosen otherwise.

    Threads that spin hold up the thread that they wait for, where another process has its core. Threads follow the
    environment that they find when PyTorch is imported, memory that of the start of the process.

    Args:
        environment: environment of this process or of one to start.
    """
    for name, value in (SLEEPING_THREADS | _KEPT_MEMORY).items():
        environment.setdefault(name, value)


def _quota(folder: Path) -> float:
    """Cores that the control group of a folder may use, version 2 or 1."""
    with suppress(OSError, ValueError):
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota) / int(period)  # "max" is no number
    with suppress(OSError, ValueError):
        quota, period = ((folder / f"cpu/cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    return math.inf


def available_cores(groups: str | Path = "/sys/fs/cgroup", own_group: str | Path = "/proc/self/cgroup") -> int:
    """Cores that this process may use: those of the machine, of its affinity, or of the quota of its container.

    ``os.cpu_count`` is nearest. It counts those of the machine.

    Args:
        groups: folder of the control groups.
        own_group: file that names the group of the process.
    """
    groups = Path(groups)
    folders = [groups]
    with suppress(OSError):
        last = Path(own_group).read_text().splitlines()[-1:]  # version 2 has one line, "0::/path"
        own = [groups / line.removeprefix("0::/") for line in last if line.startswith("0::/")]
        folders += [folder for one in own for folder in (one, *one.parents) if folder.is_relative_to(groups)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, *map(_quota, folders))))


def prepare_processor() -> None:
    """Let PyTorch use no more threads than there are cores for it, and keep the memory that a step of a network frees.

    Up to 0.5 GiB of freed memory stays with the process, where the C library is that of GNU.
    """
    import torch

    cores = available_cores()
    if "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > cores:
        torch.set_num_threads(cores)
    with suppress(OSError, AttributeError):  # another C library
        set_option = ctypes.CDLL("libc.so.6").mallopt
        set_option(_M_MMAP_THRESHOLD, _KEPT_PIECE_BYTES)
        set_option(_M_TRIM_THRESHOLD, _KEPT_BYTES)
