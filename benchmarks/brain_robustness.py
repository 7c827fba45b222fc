"""Dice of the brain bundle on scans as they are, and made harder: a head around the brain, noise, other contrast, age.

    python benchmarks/brain_robustness.py DATA --cases 1008 1013 1036 [--weights models/model.pt ...] [--repeats 5]

DATA holds images/ and labels/ of skull-stripped scans, with Neuromorphometrics numbers. Every condition is written as a
data set of its own and run through the bundle's evaluate.json. The same seed makes the same scans. Random conditions,
heads above all, are drawn anew in every repeat. The deviation is over repeats.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nibabel
import numpy as np
import pandas as pd
import torch
from ignite.engine import Engine, Events
from monai.bundle import ConfigParser
from monai.transforms import RandBiasField
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates
from tqdm import tqdm

from monai_scse.labels import label_protocol, structure_table
from monai_scse.metrics import structure_dice
from monai_scse.synthetic.head import whole_head
from monai_scse.transforms import AGREEMENT_KEY, RandHeadTissued, RandStructureSized

BUNDLE = Path(__file__).parents[1] / "bundles/brain_mri_scse_segmentation"
_CONFIG = ConfigParser.load_config_file(str(BUNDLE / "configs" / "train.json"))
STRUCTURES = structure_table(_CONFIG["brain_structures"])
VENTRICLES = ["left lateral ventricle", "3rd ventricle", "right lateral ventricle"]
Pair = tuple[np.ndarray, np.ndarray]  # RAS, 1 mm: scan in [0, 1], 0 outside the brain, and classes


def _head(image: np.ndarray, label: np.ndarray, seed: int) -> Pair:
    head, inside = whole_head(image, np.random.default_rng(seed), (1, 1, 1))
    shift = np.argwhere(inside).min(axis=0) - np.argwhere(image > 0).min(axis=0)
    moved = np.zeros(head.shape, dtype=label.dtype)
    source = [slice(max(0, -s), min(n, m - s)) for s, n, m in zip(shift, label.shape, head.shape)]
    moved[tuple(slice(part.start + s, part.stop + s) for part, s in zip(source, shift))] = label[tuple(source)]
    return head, moved


def _leftovers(image: np.ndarray, label: np.ndarray, seed: int) -> Pair:
    add = RandHeadTissued("image", prob=1.0, reach=(2, 6), whole=0.0).set_random_state(seed)
    return add({"image": image})["image"], label


def _bias_field(image: np.ndarray, label: np.ndarray, seed: int) -> Pair:
    field = RandBiasField(prob=1.0, coeff_range=(-0.2, 0.2)).set_random_state(seed)
    return np.asarray(field(image[None]))[0], label


def _noise(image: np.ndarray, label: np.ndarray, seed: int) -> Pair:
    noise = np.random.RandomState(seed).normal(0, 0.08, image.shape)
    return np.where(image > 0, (image + noise).clip(0.001), 0), label


def _thick_slices(image: np.ndarray, label: np.ndarray, seed: int) -> Pair:
    depth = image.shape[2] // 3 * 3
    thick = image[..., :depth].reshape(*image.shape[:2], -1, 3).mean(axis=-1).repeat(3, axis=-1)
    return np.where(image > 0, np.concatenate((thick, image[..., depth:]), axis=-1).clip(0.001), 0), label


def _wide_ventricles(image: np.ndarray, label: np.ndarray, seed: int) -> Pair:
    widen = RandStructureSized(["image", "label"], STRUCTURES, VENTRICLES, shift_mm=(4, 4), sigma_mm=5, prob=1.0)
    slices = [
        widen(
            {"image": torch.from_numpy(image[None, :, y].copy()), "label": torch.from_numpy(label[None, :, y].copy())}
        )
        for y in range(image.shape[1])
    ]
    return tuple(np.stack([one[key][0].numpy() for one in slices], axis=1) for key in ("image", "label"))


def _old_age(image: np.ndarray, label: np.ndarray, seed: int) -> Pair:
    """Ventricles 6 mm and sulci 1.5 mm wider, in 3D. Patches of white matter around the ventricles as dark as grey, and
    a tenth of the difference darker elsewhere.
    """
    rng = np.random.RandomState(seed)
    voxels = np.indices(image.shape)
    where = voxels.astype(np.float32)  # each voxel's place in the scan before
    for classes, shift, sigma in (((5, 12, 13, 18), 6, 7), ((0,), 1.5, 3)):
        structure = np.isin(map_coordinates(label, where, order=0), classes).astype(np.float32)
        slope = np.stack(np.gradient(gaussian_filter(structure, sigma)))
        move = shift * slope / np.linalg.norm(slope, axis=0).max()
        where = np.stack([map_coordinates(axis, voxels + move, order=1, mode="nearest") for axis in where])
    image, label = map_coordinates(image, where, order=1), map_coordinates(label, where, order=0)
    white, grey = np.isin(label, (1, 3)), np.isin(label, (2, 4))
    near = distance_transform_edt(~np.isin(label, (5, 18))) + 4 * gaussian_filter(rng.normal(0, 30, image.shape), 3)
    contrast = max(float(np.median(image[white]) - np.median(image[grey])), 0)
    loss = np.where(white, np.where(near < 3, 1.0, 0.1), 0).astype(np.float32) * contrast
    return np.where(image > 0, (image - gaussian_filter(loss, 0.7)).clip(0.001), 0), label


class Condition(NamedTuple):
    """A function of scan, classes and seed that makes a condition, and whether the condition is random."""

    make: Callable[[np.ndarray, np.ndarray, int], Pair]
    drawn: bool = False


CONDITIONS = {
    "as it is": Condition(lambda image, label, seed: (image, label)),
    "synthetic head": Condition(_head, drawn=True),
    "leftovers of the skull": Condition(_leftovers, drawn=True),
    "bias field": Condition(_bias_field, drawn=True),
    "noise, 8 %": Condition(_noise, drawn=True),
    "contrast, gamma 0.6": Condition(lambda image, label, seed: (image**0.6, label)),
    "contrast, gamma 1.6": Condition(lambda image, label, seed: (image**1.6, label)),
    "slices of 3 mm": Condition(_thick_slices),
    "ventricles 4 mm wider": Condition(_wide_ventricles),
    "old age": Condition(_old_age, drawn=True),
}


def write_condition(dataset_dir: Path, cases: list[str], condition: str, folder: Path, first_seed: int = 0) -> None:
    """Write images/ and labels/ (class indices) of one condition."""
    protocol = label_protocol("neuromorphometrics", STRUCTURES)
    for seed, case in enumerate(cases, start=first_seed):
        volumes = []
        for part in ("images", "labels"):
            file = dataset_dir / part / f"{case}.nii.gz"
            volumes.append(np.asarray(nibabel.as_closest_canonical(nibabel.load(file)).dataobj))
            (folder / part).mkdir(parents=True, exist_ok=True)
        image = (volumes[0] / np.percentile(volumes[0], 99.5)).clip(0, 1).astype(np.float32)
        pair = CONDITIONS[condition].make(image, protocol.to_classes(volumes[1], case), seed)
        for part, volume, kind in zip(("images", "labels"), pair, (np.float32, np.uint8)):
            nibabel.save(nibabel.Nifti1Image(volume.astype(kind), np.eye(4)), folder / part / f"{case}.nii.gz")


def dice_and_its_agreement(folder: Path, weights: Path, overlays: list[str]) -> tuple[float, float]:
    """Mean global Dice, as evaluate.json computes it, and the rank correlation of agreement with it by structure."""
    config = ConfigParser()
    config.read_config([str(BUNDLE / "configs" / name) for name in ("train.json", "evaluate.json", *overlays)])
    config.update({"bundle_root": str(BUNDLE), "dataset_dir": str(folder), "output_dir": str(folder)})
    config.update({"ckpt_path": str(weights), "label_protocol": "classes", "volume_inferer#progress": False})
    config["validate#handlers"] = config["validate#handlers"][:1]  # the weights alone, nothing is written
    evaluator = config.get_parsed_content("validate#evaluator")
    rows: list[tuple[float, float]] = []

    @evaluator.on(Events.ITERATION_COMPLETED)
    def _score(engine: Engine) -> None:
        for output in engine.state.output:
            pair = (output[key][0].numpy() for key in ("pred", "label"))
            agreement = output["pred"].meta.get(AGREEMENT_KEY, {})
            for index, dice in enumerate(structure_dice(*pair, len(STRUCTURES)), start=1):
                rows.append((dice, agreement.get(index, np.nan)))

    evaluator.run()
    table = pd.DataFrame(rows, columns=["dice", "agreement"])
    return table["dice"].mean(), table.corr(method="spearman").iloc[0, 1]


def main() -> None:
    """Print a row for each condition, a column for each file of weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset_dir", type=Path)
    parser.add_argument("--cases", nargs="+", required=True)
    parser.add_argument("--weights", type=Path, nargs="+", default=[BUNDLE / "models/model.pt"])
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--overlays", nargs="*", default=[], help="further config files of the bundle")
    options = parser.parse_args()
    rows = []
    runs = [(name, i) for name in options.conditions for i in range(options.repeats if CONDITIONS[name].drawn else 1)]
    for condition, repeat in tqdm(runs):
        with tempfile.TemporaryDirectory() as folder:
            write_condition(options.dataset_dir, options.cases, condition, Path(folder), repeat * len(options.cases))
            for file in options.weights:
                rows.append((condition, file, *dice_and_its_agreement(Path(folder), file, options.overlays)))
    table = pd.DataFrame(rows, columns=["condition", "weights", "dice", "agreement"])
    table = table.groupby(["weights", "condition"], sort=False).agg(
        dice=("dice", "mean"),
        deviation=("dice", "std"),
        correlation_of_agreement=("agreement", "mean"),
        repeats=("dice", "size"),
    )
    print(f"{platform.machine()}, torch {torch.__version__}; mean global Dice of cases {', '.join(options.cases)}")
    print(table.round(4).to_string())


if __name__ == "__main__":
    main()
