"""The example that takes the mean of weights."""

import subprocess
import sys
from pathlib import Path

import torch

SCRIPT = Path(__file__).parents[2] / "docs/examples/average_weights.py"


def average(folder: Path, *states: dict[str, torch.Tensor]) -> subprocess.CompletedProcess:
    for index, state in enumerate(states):
        torch.save(state, folder / f"{index}.pt")
    files = [str(folder / f"{index}.pt") for index in range(len(states))]
    return subprocess.run(
        [sys.executable, SCRIPT, *files, "--output", folder / "mean.pt"], capture_output=True, text=True
    )


def test_mean_of_three(tmp_path: Path) -> None:
    states = [{"weight": torch.full((2,), float(value)), "count": torch.tensor(value)} for value in (1, 2, 6)]
    assert average(tmp_path, *states).returncode == 0
    mean = torch.load(tmp_path / "mean.pt", weights_only=True)
    torch.testing.assert_close(mean["weight"], torch.full((2,), 3.0))
    assert mean["count"] == 6


def test_weights_of_different_networks_are_refused(tmp_path: Path) -> None:
    result = average(tmp_path, {"weight": torch.ones(2)}, {"weight": torch.ones(3)})
    assert result.returncode == 1
    assert result.stderr.strip() == "these are not weights of one network: names or shapes of their tensors differ."
    assert not (tmp_path / "mean.pt").exists()
