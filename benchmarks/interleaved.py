"""What the benchmarks share: times of several ways measured in turn, and what they were measured on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch


def spread(values: list[float]) -> dict[str, Any]:
    """Median and quartiles."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return {"median": round(float(middle), 4), "quartiles": [round(float(low), 4), round(float(high), 4)]}


def in_turn(ways: Mapping[str, Callable[[], object]], reference: str, rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds of each way, and its ratio to the reference in the same round, as :func:`spread`.

    The ways are called in turn, in the opposite order in every second round. Two rounds before warm up.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 2):
        for name in list(ways)[:: 1 if turn % 2 else -1]:
            start = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - start)
    measured = {name: values[2:] for name, values in seconds.items()}
    return {
        name: {"seconds": spread(values), "ratio": spread([a / b for a, b in zip(values, measured[reference])])}
        for name, values in measured.items()
    }


def machine() -> dict[str, Any]:
    """What the numbers were measured on and with."""
    words = ["git", "describe", "--always", "--abbrev=7", "--dirty", "--exclude", "*"]
    commit = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parent).stdout.strip()
    info = Path("/proc/cpuinfo")
    names = [line.partition(": ")[2] for line in info.read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_average": os.getloadavg()[0],
        "commit": commit,
        "versions": {name: version(name) for name in ("torch", "monai", "numpy")},
    }


def write(file: Path | None, rows: Mapping[str, Any]) -> None:
    """Print the rows, and write them with the facts of the machine."""
    for name, row in rows.items():
        print(f"{name:<44} {row}")
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**machine(), "rows": rows}, indent=1) + "\n")
