"""What a site runs: MONAI's MonaiAlgo behind NVFlare's client API. job.py sends it to the sites."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from urllib.parse import unquote

import nvflare.client as flare
from monai.fl.utils.constants import WeightType
from monai.fl.utils.exchange_object import ExchangeObject

# NVFlare does not search for modules beside a script, and keeps the folders of a file that lies below PYTHONPATH
sys.path.insert(0, str(next(Path(__file__).parent.rglob("federated_round.py")).parent))
from federated_round import make_client


def folder(argument: str) -> Path:
    """A path whose spaces are written %20, because NVFlare splits arguments at spaces."""
    return Path(unquote(argument))


def main() -> None:
    """Evaluate the weights of every round on the data of this site, train them for one epoch and send them back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=folder, required=True, help="folder of the bundle on this site")
    parser.add_argument("--data", type=folder, required=True, help="labelled data set of this site")
    parser.add_argument("--output_dir", type=folder, required=True, help="receives checkpoints and the metrics")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--overrides", type=unquote, default="{}", help="entries of the configs, JSON, spaces as %%20")
    options = parser.parse_args()
    flare.init()
    client = make_client(
        options.bundle, options.data, options.output_dir, options.rounds, json.loads(options.overrides)
    )
    while flare.is_running():
        received = flare.receive()
        if received is None:
            break
        shared = ExchangeObject(weights=received.params, weight_type=WeightType.WEIGHTS)
        dice = float(client.evaluate(data=shared).metrics["val_mean_dice"])
        print(f"round {received.current_round}, {flare.get_site_name()}: mean Dice of the shared weights {dice:.4f}")
        client.train(data=shared)
        trained = client.get_weights()
        steps = trained.statistics["num_executed_iterations"]
        flare.send(
            flare.FLModel(
                # NVFlare sends only contiguous tensors, and the network is laid out channels_last
                params={name: tensor.contiguous() for name, tensor in trained.weights.items()},
                metrics={"val_mean_dice": dice},
                meta={"NUM_STEPS_CURRENT_ROUND": steps},
            )
        )
    client.finalize()


if __name__ == "__main__":
    main()
