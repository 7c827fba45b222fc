"""Why the amygdala shrinks on other scanners: how bright it is, and what changes its Dice.

    python benchmarks/amygdala.py DATA --output_dir OUT [--weights models/model.pt]

DATA holds malc2012, malc2012_more and voxelmorph_scan, each with images/ and labels/. Brightness is where a structure's
median lies between that of cortex (0) and of white matter (1). Dice is that of the coronal slices which show amygdala
or hippocampus. Conditions change the scan between preprocessing and network, or the logits behind the network. OUT
receives brightness.csv, conditions.csv and called.csv: what the amygdala's voxels are called.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from brain_runs import BUNDLE, STRUCTURES, VALIDATION, WEIGHTS
from monai.bundle import ConfigParser
from monai.transforms import Compose
from scipy.ndimage import affine_transform, gaussian_filter
from scipy.spatial.transform import Rotation
from tqdm import tqdm

from monai_scse.data import case_name
from monai_scse.metrics import structure_dice
from monai_scse.runtime.weights import read_weights

NAMES = [structure.name for structure in STRUCTURES]
KINDS = ("amygdala", "hippocampus", "thalamus", "caudate", "putamen", "pallidum", "ventral DC")
Pair = tuple[np.ndarray, np.ndarray]  # a scan from 0 to 1, (x, y, z), and its classes
Change = Callable[[np.ndarray, np.ndarray], Pair]


def classes(kind: str) -> list[int]:
    """Class indices of both sides."""
    return [index for index, name in enumerate(NAMES) if name in (kind, f"left {kind}", f"right {kind}")]


def tissue(scan: np.ndarray, label: np.ndarray, kind: str) -> float:
    """Median brightness of a structure, both sides together."""
    return float(np.median(scan[np.isin(label, classes(kind))]))


def brightness(scan: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Of each structure where it lies between cortex and white matter, and of these what the scan shows."""
    grey, white = (tissue(scan, label, f"cerebral {kind}") for kind in ("cortex", "white matter"))
    rows = {kind: (tissue(scan, label, kind) - grey) / (white - grey) for kind in KINDS}
    return rows | {"cortex, of 1": grey, "white matter, of 1": white, "cortex / white matter": grey / white}


def gamma(power: float) -> Change:
    """All intensities to a power."""
    return lambda scan, label: (scan**power, label)


def contrast(factor: float) -> Change:
    """What is brighter than cortex nears it, or departs from it: the contrast of white matter, by a monotone map."""

    def change(scan: np.ndarray, label: np.ndarray) -> Pair:
        grey = tissue(scan, label, "cerebral cortex")
        return np.where(scan > grey, grey + factor * (scan - grey), scan), label

    return change


def as_bright_as(kinds: Sequence[str], share: float | None = None, shift: float = 0.0) -> Change:
    """Structures shifted to a share of the way from cortex to white matter, or by a share of it."""

    def change(scan: np.ndarray, label: np.ndarray) -> Pair:
        grey, white = (tissue(scan, label, f"cerebral {kind}") for kind in ("cortex", "white matter"))
        offset = np.zeros_like(scan)
        for kind in kinds:
            step = shift if share is None else share - (tissue(scan, label, kind) - grey) / (white - grey)
            offset[np.isin(label, classes(kind))] = step * (white - grey)
        return np.where(scan > 0, (scan + gaussian_filter(offset, 1)).clip(0.001, 1), 0), label

    return change


def moved(size: float = 1.0, nod: float = 0.0) -> Change:
    """The brain larger or smaller along each axis, and nodding, on the same grid.

    Args:
        size: factor of each axis.
        nod: degrees that the head turns around the axis through the ears. Positive ones raise the forehead.
    """

    def change(scan: np.ndarray, label: np.ndarray) -> Pair:
        middle = (np.array(scan.shape) - 1) / 2
        back = Rotation.from_euler("x", -nod, degrees=True).as_matrix() / size
        one, other = (
            affine_transform(each, back, middle - back @ middle, order=order) for each, order in ((scan, 1), (label, 0))
        )
        return one, other

    return change


def conditions(malc_share: float) -> dict[str, Change]:
    """Conditions by name.

    Args:
        malc_share: where MALC's amygdalae lie between cortex and white matter.
    """
    powers = {f"gamma {power:g}": gamma(power) for power in (0.7, 1.4, 2.0)}
    factors = {f"white matter's contrast x {factor:g}": contrast(factor) for factor in (0.6, 0.8, 1.2)}
    shifts = {f"amygdala shifted by {step:+g}": as_bright_as(["amygdala"], shift=step) for step in (-0.2, 0.2, 0.4)}
    like = {"amygdala as bright as MALC's": as_bright_as(["amygdala"], malc_share)}
    places = {f"size x {factor:g}": moved(factor) for factor in (0.85, 0.9, 1.1)}
    places |= {f"nod {degrees:+g} degrees": moved(nod=degrees) for degrees in (-20, -10, 10, 20)}
    return {"as it is": gamma(1.0)} | powers | factors | places | shifts | like


def load(file: Path, protocol: str) -> tuple[np.ndarray, np.ndarray, Compose]:
    """A scan and its classes as the network gets them, but for the stacking of slices, which comes third."""
    config = ConfigParser()
    config.read_config(str(BUNDLE / "configs/train.json"))
    config.update({"bundle_root": str(BUNDLE), "label_protocol": protocol, "device": "cpu", "data_device": "cpu"})
    *before, stack = config.get_parsed_content("scan_transforms")
    case = {"image": str(file), "label": str(file.parents[1] / "labels" / file.name)}
    case = Compose(before)(case)
    return case["image"][0].numpy(), case["label"][0].numpy().astype(np.uint8), stack


@torch.no_grad()
def logits_of(network: torch.nn.Module, scan: np.ndarray, stack: Compose, slices: Sequence[int]) -> torch.Tensor:
    """Logits of some coronal slices, (slices, classes, x, z)."""
    slabs = stack({"image": torch.from_numpy(scan[None])})["image"][:, :, slices].movedim(2, 0)
    with torch.autocast("cpu", torch.bfloat16):
        return torch.cat([network(part.contiguous()).float() for part in slabs.split(4)])


def scores(found: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Dice of amygdala and hippocampus, and their volumes as shares of the label's."""
    dice = structure_dice(found, label, len(NAMES))
    rows = {}
    for kind in ("amygdala", "hippocampus"):
        rows[kind] = float(np.mean([dice[index - 1] for index in classes(kind)]))
        sizes = [np.isin(each, classes(kind)).sum() for each in (found, label)]
        rows[f"{kind}, volume / label's"] = sizes[0] / sizes[1]
    return rows


def main() -> None:
    """Write the three tables and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    config = ConfigParser()
    config.read_config(str(BUNDLE / "configs/train.json"))
    network = config.get_parsed_content("network_def").to(memory_format=torch.channels_last).eval()
    network.load_state_dict(read_weights(options.weights, network, "give --weights."))
    sets = {"malc2012": "neuromorphometrics", "malc2012_more": "neuromorphometrics", "voxelmorph_scan": "classes"}
    files = [(file, name) for name in sets for file in sorted((options.data / name / "images").glob("*.nii.gz"))]
    bright, kept = [], {}
    for file, name in tqdm(files, desc="brightness"):
        scan, label, stack = load(file, sets[name])
        bright.append({"set": name, "case": case_name(file), **brightness(scan, label)})
        if name == "voxelmorph_scan" or case_name(file) in VALIDATION:
            kept[case_name(file)] = scan, label, stack
    table = pd.DataFrame(bright)
    malc_share = table.loc[table["set"] != "voxelmorph_scan", "amygdala"].mean()
    rows, called = [], []
    for case, (scan, label, stack) in tqdm(kept.items(), desc="conditions"):
        for name, change in conditions(malc_share).items():
            changed, truth = change(scan, label)
            shown = np.flatnonzero(np.isin(truth, classes("amygdala") + classes("hippocampus")).any(axis=(0, 2)))
            truth = truth[:, shown]
            logits = logits_of(network, changed.astype(np.float32), stack, shown.tolist())
            found = logits.argmax(1).movedim(0, 1).numpy().astype(np.uint8)
            rows.append({"case": case, "condition": name, **scores(found, truth)})
            if name != "as it is":
                continue
            inside = pd.Series([NAMES[index] for index in found[np.isin(truth, classes("amygdala"))]])
            called.append(inside.value_counts(normalize=True).rename(case))
            for bias in (1.0, 2.0, 3.0, 4.0):
                logits[:, classes("amygdala")] += 1.0
                found = logits.argmax(1).movedim(0, 1).numpy().astype(np.uint8)
                rows.append({"case": case, "condition": f"logit of the amygdala +{bias:g}", **scores(found, truth)})
    tables = {"brightness": table, "conditions": pd.DataFrame(rows)}
    tables["called"] = pd.concat(called, axis=1).fillna(0).rename_axis("called").reset_index()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    for name, each in tables.items():
        each.round(4).to_csv(options.output_dir / f"{name}.csv", index=False)
        print(each.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
