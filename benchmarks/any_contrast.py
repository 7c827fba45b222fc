"""Dice of files of weights for the brain on scans as they are, with other contrast, and with thick slices.

    python benchmarks/any_contrast.py DATA --cases 1008 --weights models/model.pt models/model_any.pt --csv dice.csv

DATA holds images/ and labels/ of skull-stripped T1-weighted scans. Other contrasts are made by new brightness of the
fluid, grey and white matter, whose own is the median within their labels, and of all between them. Classes that no
label of a case has are left out, which are those of partly labelled scans. With --every 4 every fourth coronal slice
is segmented and scored.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from tqdm import tqdm

from monai_scse.labels import label_protocol
from monai_scse.metrics import structure_dice
from monai_scse.runtime import read_weights

BUNDLE = Path(__file__).parents[1] / "bundles/brain_mri_scse_segmentation"
FLUID, GREY, WHITE = (5, 18), (2, 4), (1, 3)  # classes of lateral ventricles, cortex and cerebral white matter
FULL = 20  # scans with fewer classes have no classes of tissues to measure


def _remap(image: np.ndarray, label: np.ndarray, values: tuple[float, float, float]) -> np.ndarray:
    """New brightness of fluid, grey and white matter."""
    brain = image[image > 0]
    if len(np.unique(label)) > FULL:
        levels = [float(np.median(image[np.isin(label, classes)])) for classes in (FLUID, GREY, WHITE)]
    else:
        levels = np.percentile(brain, (2, 40, 85)).tolist()
    step = values[2] - values[1]
    remapped = np.interp(image, [*levels, 2 * levels[2] - levels[1]], [*values, max(values[2] + step, 0.05)])
    return np.where(image > 0, remapped.clip(0.01), 0)


def _thick(image: np.ndarray, label: np.ndarray, thickness: int = 5) -> np.ndarray:
    """Axial slices of 5 mm, interpolated."""
    count = image.shape[2] // thickness
    slices = image[..., : count * thickness].reshape(*image.shape[:2], count, thickness).mean(axis=-1)
    centres = np.arange(count) * thickness + (thickness - 1) / 2
    place = (np.arange(image.shape[2]) - centres[0]) / thickness
    low = place.clip(0, count - 1).astype(int)
    high, share = (low + 1).clip(max=count - 1), (place.clip(0, count - 1) - low).astype(np.float32)
    return np.where(image > 0, ((1 - share) * slices[..., low] + share * slices[..., high]).clip(0.01), 0)


CONDITIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "T1": lambda image, label: image,
    "inverted": lambda image, label: np.where(image > 0, (1.05 - image).clip(0.01), 0),
    "T2-like": lambda image, label: _remap(image, label, (1.0, 0.6, 0.35)),
    "FLAIR-like": lambda image, label: _remap(image, label, (0.1, 0.85, 0.6)),
    "slices of 5 mm": _thick,
}


class Network:
    """The bundle's network and preprocessing of a stripped scan."""

    def __init__(self, every: int) -> None:
        self.every = every
        config = ConfigParser()
        config.read_config(str(BUNDLE / "configs/inference.json"))
        config.update({"bundle_root": str(BUNDLE), "device": "cpu", "volume_inferer#progress": False})
        config["scan_inferer"] = "@volume_inferer"
        self.network, self.inferer = (config.get_parsed_content(name) for name in ("network", "inferer"))
        prepare = config.get_parsed_content("preprocessing").transforms
        self.prepare = prepare[4:]  # behind reading, reorientation, extraction and resampling
        self.structures = config.get_parsed_content("structures")

    def load(self, weights: Path) -> None:
        """Take other weights."""
        self.network.load_state_dict(read_weights(weights, self.network, ""))
        self.network.eval()

    def dice(self, image: np.ndarray, label: np.ndarray) -> list[float]:
        """Dice of each class."""
        box = tuple(slice(side.min(), side.max() + 1) for side in np.nonzero(image))
        sample = {"image": MetaTensor(torch.from_numpy(image[box][None].astype(np.float32)))}
        target = {"image": MetaTensor(torch.from_numpy(label[box][None].astype(np.float32)))}
        for transform in self.prepare:
            sample = transform(sample)
            if type(transform).__name__ == "SpatialPadd":
                target = transform(target)
        some = slice(self.every // 2, None, self.every)
        with torch.no_grad():
            classes = self.inferer(sample["image"][None][..., some, :], self.network)[0, 0]
        expected = target["image"][0][:, some].numpy().astype(np.uint8)
        scores = structure_dice(classes.numpy().astype(np.uint8), expected, len(self.structures))
        present = np.unique(expected)
        return [score if index in present else np.nan for index, score in enumerate(scores, start=1)]


def main() -> None:
    """Write a row for each case, condition, file of weights and class. Print the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", type=Path)
    parser.add_argument("--cases", nargs="+", required=True)
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--label-protocol", default="neuromorphometrics")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    network = Network(options.every)
    protocol = label_protocol(options.label_protocol, network.structures)
    rows = []
    runs = [(case, weights) for case in options.cases for weights in options.weights]
    for case, weights in tqdm(runs):
        network.load(weights)
        files = [options.dataset_dir / part / f"{case}.nii.gz" for part in ("images", "labels")]
        image, numbers = (np.asarray(nibabel.as_closest_canonical(nibabel.load(file)).dataobj) for file in files)
        label = protocol.to_classes(numbers, case)
        image = (image / np.percentile(image, 99.5)).clip(0, 1).astype(np.float32)
        for condition in options.conditions:
            scores = network.dice(CONDITIONS[condition](image, label), label)
            rows += [
                (case, condition, weights.name, structure.name, score)
                for structure, score in zip(network.structures[1:], scores)
                if not np.isnan(score)
            ]
    table = pd.DataFrame(rows, columns=["case", "condition", "weights", "structure", "dice"])
    if options.csv:
        table.round(4).to_csv(options.csv, index=False)
    print(f"{platform.machine()}, torch {torch.__version__}; every {options.every} slices")
    means = table.groupby(["weights", "condition"], sort=False)["dice"].mean()
    print(means.unstack(level=0).round(3).to_string())


if __name__ == "__main__":
    main()
