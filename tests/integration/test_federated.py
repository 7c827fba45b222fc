"""Federated learning with MONAI's client: rounds of two clients, for each bundle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_cases import SMALL, save_small_cases

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("bundle", SMALL)
def test_rounds_of_two_clients(bundle, tmp_path):
    for number, client in enumerate(("one", "two")):
        save_small_cases(bundle, tmp_path / client, [number])
    command = [
        sys.executable,
        str(ROOT / "docs/examples/federated_round.py"),
        "--bundle",
        str(ROOT / "bundles" / bundle),
    ]
    command += ["--clients", str(tmp_path / "one"), str(tmp_path / "two"), "--output_dir", str(tmp_path / "out")]
    command += ["--rounds", "2"]
    for name, value in {"network_def#features": 4, **SMALL[bundle]}.items():
        command += [f"--{name}", str(value)]
    shipped = (ROOT / "bundles" / bundle / "models/model.pt").read_bytes()
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    for client in ("one", "two"):
        assert f"round 2, {client}: mean Dice of the averaged weights 0." in done.stdout
    averaged = torch.load(tmp_path / "out/model.pt", weights_only=True)
    clients = [torch.load(tmp_path / f"out/{client}/model.pt", weights_only=True) for client in ("one", "two")]
    key = "classifier.weight"
    low, high = (bound(clients[0][key], clients[1][key]) for bound in (torch.minimum, torch.maximum))
    assert ((averaged[key] >= low - 1e-6) & (averaged[key] <= high + 1e-6)).all()
    assert not torch.equal(clients[0][key], clients[1][key])
    assert (ROOT / "bundles" / bundle / "models/model.pt").read_bytes() == shipped
