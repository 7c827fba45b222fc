"""Trainings that the kernel kills, and go on: their weights end as those of a training that nobody touched."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from support import killed_command
from support.bundle_command import bundle_options, command_line
from support.small_cases import SMALL, save_small_cases

pytestmark = pytest.mark.long

BUNDLES = Path(__file__).parents[2] / "bundles"


class Training:
    """``train.json`` of a bundle for three epochs, each time in a process of its own."""

    def __init__(self, bundle: Path, data: Path, folder: Path) -> None:
        self.folder = folder
        self.options = {
            **bundle_options(bundle, "train.json"),
            "dataset_dir": data,
            "ckpt_dir": folder,
            "output_dir": folder / "logs",
            "epochs": 3,
            "network_def__features": 4,
            "device": "cpu",
            **SMALL[bundle.name],
        }

    def start(self, *program: str, **options: object) -> subprocess.Popen[str]:
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, *program, *command_line("run", **self.options, **options)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def run(self, **options: object) -> None:
        with self.start("-m", "monai.bundle", **options) as process:
            printed, _ = process.communicate(timeout=400)
        assert process.returncode == 0, printed

    def run_and_kill_while_it_writes(self, file: str, write: int, moment: str, **options: object) -> None:
        with self.start(killed_command.__file__, file, str(write), moment, **options) as process:
            process.communicate(timeout=400)
        assert process.returncode == -signal.SIGKILL

    def resume_and_kill_after(self, seconds: float) -> None:
        with self.start("-m", "monai.bundle", resume=True) as process:
            assert any("Resumed from" in line for line in process.stdout)
            time.sleep(seconds)
            process.kill()

    def state(self) -> dict[str, object]:
        """All tensors and numbers that the files of the training hold, by their place in them."""
        found: dict[str, object] = {}
        for name in ("checkpoint.pt", "model.pt"):
            waiting = [(name, torch.load(self.folder / name, weights_only=True))]
            while waiting:
                place, value = waiting.pop()
                if isinstance(value, (dict, list, tuple)):
                    entries = value.items() if isinstance(value, dict) else enumerate(value)
                    waiting += [(f"{place}/{key}", entry) for key, entry in entries]
                else:
                    found[place] = value
        return found


@pytest.mark.situation(
    "A training that is killed at any moment",
    "resume=true goes on from the last whole epoch; on a CPU the weights end bit-identical to an uninterrupted run's",
)
@pytest.mark.parametrize("bundle", [BUNDLES / name for name in SMALL], ids=str)
def test_killed_again_and_again_equals_uninterrupted(bundle: Path, tmp_path: Path) -> None:
    save_small_cases(bundle.name, tmp_path / "data", range(3))
    whole = Training(bundle, tmp_path / "data", tmp_path / "whole")
    whole.run()

    killed = Training(bundle, tmp_path / "data", tmp_path / "killed")
    killed.run_and_kill_while_it_writes("checkpoint.pt", 2, "half")
    assert (
        torch.load(killed.folder / "checkpoint.pt", weights_only=True)["iteration"] * 3
        == whole.state()["checkpoint.pt/iteration"]
    )
    killed.run_and_kill_while_it_writes("checkpoint.pt", 1, "unnamed", resume=True)
    killed.resume_and_kill_after(random.uniform(0, 2))
    killed.run(resume=True)

    expected, found = whole.state(), killed.state()
    assert found.keys() == expected.keys()
    assert sum(isinstance(value, torch.Tensor) for value in expected.values()) > 300
    for place, value in expected.items():
        same = torch.equal(found[place], value) if isinstance(value, torch.Tensor) else found[place] == value
        assert same, place
