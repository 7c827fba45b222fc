"""Federated learning with MONAI's client: rounds of two clients, for each bundle."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.fl.utils.constants import WeightType
from monai.fl.utils.exchange_object import ExchangeObject
from support.bundle_command import run_bundle
from support.small_cases import SMALL, save_small_cases

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
OPTIONS = {name: {"network_def#features": 4, **options} for name, options in SMALL.items()}


@pytest.fixture(params=SMALL)
def bundle(request: pytest.FixtureRequest) -> Path:
    return ROOT / "bundles" / request.param


@pytest.fixture
def sites(bundle: Path, tmp_path: Path) -> dict[str, Path]:
    """Two labelled data sets. The second is twice as large, so that its weights count more."""
    folders = {name: tmp_path / name for name in ("one", "two")}
    for folder, seeds in zip(folders.values(), ([0], [1, 2])):
        save_small_cases(bundle.name, folder, seeds)
    return folders


def mean_dice(bundle: Path, data: Path, output: Path, **options: object) -> float:
    """The mean Dice that evaluate.json reports."""
    small = {name.replace("#", "__"): value for name, value in OPTIONS[bundle.name].items()}
    done = run_bundle(
        bundle,
        ["train.json", "evaluate.json"],
        cwd=output.parent,
        dataset_dir=data,
        output_dir=output,
        device="cpu",
        **small,
        **options,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return float(re.search(r"Mean global Dice .* cases: (0\.\d+)", done.stdout)[1])


def test_rounds_of_two_clients(bundle, sites, tmp_path):
    command = [sys.executable, str(ROOT / "docs/examples/federated_round.py"), "--bundle", str(bundle)]
    command += ["--clients", *map(str, sites.values()), "--output_dir", str(tmp_path / "out"), "--rounds", "2"]
    for name, value in {**OPTIONS[bundle.name], "device": "cpu"}.items():
        command += [f"--{name}", str(value)]
    shipped = (bundle / "models/model.pt").read_bytes()
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (bundle / "models/model.pt").read_bytes() == shipped

    averaged, one, two = (
        torch.load(tmp_path / "out" / part / "model.pt", weights_only=True) for part in ("", "one", "two")
    )
    steps = [torch.load(tmp_path / f"out/{name}/checkpoint.pt", weights_only=True)["epoch_length"] for name in sites]
    assert steps[1] > steps[0]
    assert averaged.keys() == one.keys() == two.keys()
    for key, value in averaged.items():
        mean = (one[key].double() * steps[0] + two[key].double() * steps[1]) / sum(steps)
        tolerance = 1e-6 if value.is_floating_point() else 1  # the count of batches is a whole number
        torch.testing.assert_close(value.double(), mean, atol=tolerance, rtol=1e-6, msg=key)
    assert not torch.equal(one["classifier.weight"], two["classifier.weight"])
    counts = [state["encoders.0.block.0.norm.num_batches_tracked"].item() for state in (one, two)]
    first_round = int((steps[0] ** 2 + steps[1] ** 2) / sum(steps))  # when all clients start from the same weights
    assert counts == [first_round + own for own in steps]

    for name, data in sites.items():
        rounds = re.findall(rf"round \d, {name}: mean Dice of the averaged weights (0\.\d+)", done.stdout)
        assert len(set(rounds)) == 2
        dice = mean_dice(bundle, data, tmp_path / f"evaluated_{name}", ckpt_dir=tmp_path / "out")
        assert float(rounds[1]) == pytest.approx(dice, abs=1e-4)


def test_client_trains_and_evaluates_the_weights_that_it_is_sent(bundle, sites, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs/examples")
    from federated_round import make_client

    options = {**OPTIONS[bundle.name], "learning_rate": 0.0}
    client = make_client(bundle, sites["one"], tmp_path / "out", 2, options)
    own = client.get_weights().weights
    dice = []
    for seed in (1, 2):
        generator = torch.Generator().manual_seed(seed)
        weights = {key: sent(value, generator) for key, value in own.items()}
        message = ExchangeObject(weights=weights, weight_type=WeightType.WEIGHTS)
        dice.append(client.evaluate(data=message).metrics["val_mean_dice"])
        client.train(data=message)
        trained = client.get_weights().weights
        for key, value in trained.items():  # a learning rate of 0 changes the batch statistics only
            assert torch.equal(value, weights[key]) != ("running_" in key or "num_batches" in key), key
    assert dice[0] != dice[1]
    client.finalize()


def sent(value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Other weights than the client's own, of the same size."""
    if not value.is_floating_point():
        return value.clone()
    return value + 0.05 * torch.rand(value.shape, generator=generator)
