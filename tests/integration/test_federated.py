"""Federated learning with MONAI's client: rounds of two clients, for each bundle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from phantom_brains import phantom, save_case

from monai_scse.data import save_synthetic_cases

ROOT = Path(__file__).parents[2]
SMALL = {
    "brain_mri_scse_segmentation": {"slice_size": "[32, 32]"},
    "wholebody_ct_scse_segmentation": {
        "slice_size": "[48, 48]",
        "spacing": "[9, 9, 9]",
        "label_numbers": "synthetic",
    },
}


@pytest.mark.parametrize("bundle", SMALL)
def test_rounds_of_two_clients(bundle, tmp_path):
    for number, client in enumerate(("one", "two")):
        if bundle.startswith("brain"):
            save_case(tmp_path / client, f"case{number}", *phantom(number))
        else:
            save_synthetic_cases(tmp_path / client, [number], spacing=(9, 9, 9))
    command = [
        sys.executable,
        str(ROOT / "docs/examples/federated_round.py"),
        "--bundle",
        str(ROOT / "bundles" / bundle),
    ]
    command += ["--clients", str(tmp_path / "one"), str(tmp_path / "two"), "--output_dir", str(tmp_path / "out")]
    command += ["--rounds", "2"]
    for name, value in {"network_def#features": "4", **SMALL[bundle]}.items():
        command += [f"--{name}", value]
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
