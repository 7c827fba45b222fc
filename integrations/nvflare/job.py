"""Federated averaging of a bundle with NVFlare: simulated on this machine, or exported as a job for real sites.

    python integrations/nvflare/job.py --bundle bundles/wholebody_ct_scse_segmentation --clients SITE_A SITE_B

Each client is a labelled data set of the bundle. Further arguments override entries of train.json and evaluate.json by
name: --label_numbers totalsegmentator_v2

NVFlare itself reads --export --export-dir FOLDER. The job is then written for real sites, and nothing is run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from pydoc import locate
from urllib.parse import quote

import torch
import yaml
from monai.bundle import ConfigParser
from nvflare.app_opt.pt.recipes.fedavg import FedAvgRecipe
from nvflare.client.config import ExchangeFormat
from nvflare.recipe import SimEnv, set_per_site_config

ROOT = Path(__file__).parents[2]


def network_of(bundle: Path, overrides: dict) -> dict:
    """The network of the bundle, as class and arguments: the server makes it, and saves its weights."""
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs" / "train.json"))
    parser.update({"bundle_root": str(bundle), **overrides})
    names = [name for name in parser["network_def"] if name != "_target_"]
    arguments = {name: parser.get_parsed_content(f"network_def#{name}") for name in names}
    return {"class_path": parser["network_def"]["_target_"], "args": arguments}


def make_job(options: argparse.Namespace, overrides: dict) -> FedAvgRecipe:
    """Weights averaged over the sites, each counted by its number of training iterations."""
    recipe = FedAvgRecipe(
        name=options.bundle.name,
        model=network_of(options.bundle, overrides),
        initial_ckpt=str(options.weights) if options.weights else None,
        min_clients=len(options.clients),
        num_rounds=options.rounds,
        train_script="client.py",
        server_expected_format=ExchangeFormat.PYTORCH,
        key_metric="val_mean_dice",
    )
    sites = {}
    for data in options.clients:
        values = {
            "--bundle": options.bundle,
            "--data": data,
            "--output_dir": options.output_dir / data.name,
            "--rounds": options.rounds,
            "--overrides": json.dumps(overrides),
        }
        sites[data.name] = {"train_args": " ".join(f"{name} {quote(str(value))}" for name, value in values.items())}
    set_per_site_config(recipe, sites)
    recipe.add_client_file(str(ROOT / "docs" / "examples" / "federated_round.py"))
    return recipe


def main() -> None:
    """Run the simulator and write the averaged weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--clients", type=Path, nargs="+", required=True, help="labelled data sets, one a site")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--weights", type=Path, help="weights to start from, such as the bundle's models/model.pt")
    parser.add_argument("--output_dir", type=Path, default=Path("federated"))
    options, others = parser.parse_known_args()
    overrides = {
        name.removeprefix("--"): yaml.safe_load(value) for name, value in zip(others[::2], others[1::2], strict=True)
    }
    options.bundle, options.output_dir = options.bundle.resolve(), options.output_dir.resolve()
    options.weights = options.weights.resolve() if options.weights else None
    options.clients = [data.resolve() for data in options.clients]
    os.chdir(Path(__file__).parent)  # a script named without folder is taken from the job, on every site
    if " " in str(options.output_dir):
        sys.exit(
            f"error: {options.output_dir}: NVFlare's simulator takes no spaces; give another folder as --output_dir."
        )
    recipe = make_job(options, overrides)
    names = [data.name for data in options.clients]
    simulator = SimEnv(clients=names, num_threads=len(names), workspace_root=str(options.output_dir / "simulator"))
    run = recipe.execute(simulator)
    saved = sorted(Path(run.get_result() or "").rglob("FL_global_model.pt"))
    if not saved:
        sys.exit(f"error: the simulated job failed; its log is under {options.output_dir / 'simulator'}.")
    network = network_of(options.bundle, overrides)
    network = locate(network["class_path"])(**network["args"])
    network.load_state_dict(torch.load(saved[0], weights_only=True)["model"])  # counters are whole numbers again
    torch.save(network.state_dict(), options.output_dir / "model.pt")
    print(f"Averaged weights  {options.output_dir / 'model.pt'}")


if __name__ == "__main__":
    main()
