"""How a process uses the processor."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from monai_scse.runtime import prepare_environment
from monai_scse.runtime.processor import available_cores

HERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.mark.parametrize(
    ("quotas", "cores"),
    [
        ({}, HERE),
        ({"cpu.max": "max 100000"}, HERE),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "9900000 100000"}, HERE),
        ({"cpu.max": "max 100000", "jobs/cpu.max": "100000 100000"}, 1),
        ({"jobs/cpu.max": "100000 100000", "jobs/one/cpu.max": "max 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, HERE),
        ({"cpu.max": "damaged"}, HERE),
    ],
)
def test_cores_are_those_of_the_container(quotas: dict[str, str], cores: int, tmp_path: Path) -> None:
    for name, content in quotas.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{content}\n")
    own = tmp_path / "own"
    own.write_text("0::/jobs/one\n")
    assert available_cores(tmp_path, own) == cores


def test_environment_of_the_user_comes_first() -> None:
    environment = {"OMP_WAIT_POLICY": "ACTIVE"}
    prepare_environment(environment)
    assert environment["OMP_WAIT_POLICY"] == "ACTIVE"
    assert environment["KMP_BLOCKTIME"] == "0"


FAULTS = """
import resource, sys
import torch
from monai_scse.runtime import prepare_processor
if "prepared" in sys.argv:
    prepare_processor()
def step():
    return len([torch.zeros(64, 200, 200) for _ in range(10)])  # feature maps of 10 MB
for _ in range(9):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(*words: str) -> int:
    """Pages that four steps ask the system for."""
    unset = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    run = [sys.executable, "-c", FAULTS, *words]
    return int(subprocess.run(run, capture_output=True, text=True, env=unset, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the C library is not that of GNU")
def test_memory_of_a_step_is_used_again() -> None:
    map_pages = 10_240_000 // resource.getpagesize()
    assert page_faults("prepared") < map_pages


def test_commands_let_threads_sleep() -> None:
    code = "import os, monai_scse.cli, sys; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["PASSIVE", "False"]
