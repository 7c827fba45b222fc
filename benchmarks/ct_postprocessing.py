"""What each step of the CT bundle's postprocessing does to its scores: the network runs once, the steps are switched.

    python benchmarks/ct_postprocessing.py DATA --label_numbers synthetic

DATA holds images/ and labels/. Prints mean Dice and mean HD95 over all cases and organs, and the seconds a case.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose

from monai_scse.data import case_name
from monai_scse.labels import unknown_classes
from monai_scse.metrics import score_structures

BUNDLE = Path(__file__).parents[1] / "bundles/wholebody_ct_scse_segmentation"
STEPS = {
    "resolve_sides": "ResolveSidesd",
    "keep_largest": "KeepLargestConnectedComponentd",
    "fill_holes": "FillHolesd",
    "check_plausible": "TorsoQCd",
}
VARIANTS = {"none": (), **{step: (step,) for step in STEPS}, "all": tuple(STEPS)}


def main() -> None:
    """Print one row for each choice of steps, and Dice of every organ with all and with none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", type=Path)
    parser.add_argument("--label_numbers", default="classes")
    parser.add_argument("--weights", type=Path, default=BUNDLE / "models/model.pt")
    options = parser.parse_args()

    config = ConfigParser()
    config.read_config([str(BUNDLE / "configs" / name) for name in ("train.json", "evaluate.json")])
    config.update(
        {
            "bundle_root": str(BUNDLE),
            "dataset_dir": str(options.dataset_dir),
            "label_numbers": options.label_numbers,
            "device": "cpu",
        }
    )
    config.update({"volume_inferer#progress": False, **dict.fromkeys(STEPS, True)})
    network = config.get_parsed_content("network")
    network.load_state_dict(torch.load(options.weights, weights_only=True))
    prepare, infer = (config.get_parsed_content(f"validate#{part}") for part in ("preprocessing", "inferer"))
    transforms = config.get_parsed_content("validate#postprocessing").flatten().transforms
    cases, names = config.get_parsed_content("cases"), config.get_parsed_content("structures")

    rows = []
    for case in cases:
        sample = prepare(case)
        with torch.no_grad():
            pred = infer(sample["image"][None], network.eval())[0]
        for variant, steps in VARIANTS.items():
            left_out = {STEPS[step] for step in STEPS if step not in steps}
            start = time.perf_counter()
            chosen = Compose([transform for transform in transforms if type(transform).__name__ not in left_out])
            done = chosen({**sample, "pred": pred.clone()})["pred"]
            seconds = time.perf_counter() - start
            label = sample["label"]
            scores = score_structures(
                done[0].numpy(),
                label[0].clamp(min=0).numpy(),
                len(names),
                np.linalg.norm(sample["label"].affine.numpy()[:3, :3], axis=0),
                unknown=unknown_classes(sample["label"]),
            )
            for score in scores:
                organ = names[score.index].name
                rows.append((case_name(case["image"]), variant, organ, score.dice, score.hd95_mm, seconds))
    table = pd.DataFrame(rows, columns=["case", "steps", "organ", "dice", "hd95_mm", "seconds"])
    print(table.groupby("steps", sort=False)[["dice", "hd95_mm", "seconds"]].mean().round(3).to_string())
    print(table.pivot_table("dice", "organ", "steps", sort=False)[list(VARIANTS)].round(3).to_string())


if __name__ == "__main__":
    main()
