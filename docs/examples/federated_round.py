"""Federated averaging: clients train a bundle on data of their own with MONAI's MonaiAlgo, the weights are averaged.

    python docs/examples/federated_round.py --bundle bundles/wholebody_ct_scse_segmentation --clients SITE_A SITE_B

Each client is a labelled data set of the bundle. Further arguments override entries of train.json and evaluate.json by
name: --label_numbers totalsegmentator_v2
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import torch
import yaml
from monai.fl.client import MonaiAlgo
from monai.fl.utils.constants import ExtraItems, WeightType
from monai.fl.utils.exchange_object import ExchangeObject


def make_client(bundle: Path, data: Path, output: Path, rounds: int, overrides: dict) -> MonaiAlgo:
    """A client that trains one epoch a round. The schedule of the learning rate spans all rounds."""
    common = {"bundle_root": str(bundle), "dataset_dir": str(data), "device": "$torch.device('cpu')", **overrides}
    train = {**common, "epochs": rounds, "validation_cases": 0, "ckpt_dir": str(output), "output_dir": str(output)}
    # MonaiAlgo sets the trainer's own number of epochs to that of one round
    train["lr_scheduler#total_steps"] = "$max(3, @epochs * len(@train#dataloader))"
    client = MonaiAlgo(
        str(bundle),
        local_epochs=1,
        send_weight_diff=False,
        train_kwargs=train,
        eval_kwargs={**common, "output_dir": str(output)},
    )
    client.initialize(extra={ExtraItems.CLIENT_NAME: data.name, ExtraItems.APP_ROOT: str(bundle)})
    return client


def average(all_weights: list[dict], sizes: list[int]) -> dict:
    """Mean of the weights, each client counted by its number of training iterations."""
    total = sum(sizes)
    return {
        key: sum(torch.as_tensor(weights[key]) * (size / total) for weights, size in zip(all_weights, sizes)).to(
            torch.as_tensor(value).dtype
        )
        for key, value in all_weights[0].items()
    }


def main() -> None:
    """Train, average, evaluate, and write the averaged weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--clients", type=Path, nargs="+", required=True, help="labelled data sets")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--output_dir", type=Path, default=Path("federated"))
    options, others = parser.parse_known_args()
    overrides = {
        name.removeprefix("--"): yaml.safe_load(value) for name, value in zip(others[::2], others[1::2], strict=True)
    }
    folders = [options.output_dir / data.name for data in options.clients]
    clients = [
        make_client(options.bundle.resolve(), data.resolve(), folder.resolve(), options.rounds, overrides)
        for data, folder in zip(options.clients, folders)
    ]
    weights = copy.deepcopy(clients[0].get_weights().weights)  # its own change while it trains
    for number in range(1, options.rounds + 1):
        shared = ExchangeObject(weights=weights, weight_type=WeightType.WEIGHTS)
        for client in clients:
            client.train(data=shared)
        results = [client.get_weights() for client in clients]
        sizes = [result.statistics["num_executed_iterations"] for result in results]
        weights = average([result.weights for result in results], sizes)
        shared = ExchangeObject(weights=weights, weight_type=WeightType.WEIGHTS)
        for client, data in zip(clients, options.clients):
            dice = client.evaluate(data=shared).metrics["val_mean_dice"]
            print(f"round {number}, {data.name}: mean Dice of the averaged weights {dice:.4f}")
    for client in clients:
        client.finalize()
    state = {key: torch.as_tensor(value) for key, value in weights.items()}
    torch.save(state, options.output_dir / "model.pt")
    print(f"Averaged weights  {options.output_dir / 'model.pt'}")


if __name__ == "__main__":
    main()
