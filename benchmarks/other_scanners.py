"""Dice of brain weights on scans of scanners that no weights learnt from, and on validation scans of MALC 2012.

    python benchmarks/other_scanners.py DATA --output_dir OUT [--weights models/model.pt ...] [--overlays X.yaml]
        [--gamma 0.7 1 1.4] [--sets voxelmorph abide malc]

DATA holds the folders abide_deep_grey, voxelmorph_scan and malc2012, each with images/ and labels/. Seven scans of
ABIDE have eight structures labelled. What is not labelled there is unknown, not background. One scan of voxelmorph has
all structures. FreeSurfer labelled both, so 1.0 is out of reach. From MALC come the scans 1008, 1013 and 1036.

--gamma raises the intensities inside the brain, from 0 to 1, to these powers. OUT receives scores.csv, a row for each
weights, gamma, scan and structure, and summary.json.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import NamedTuple

import nibabel
import numpy as np
import pandas as pd
import torch
from brain_runs import VALIDATION, WEIGHTS, classes_of, scores, segment
from monai.transforms import AdjustContrastd
from tqdm import tqdm


class ScanSet(NamedTuple):
    """Labelled scans: their folder, their cases (none for all) and the numbers of their labels."""

    folder: str
    cases: tuple[str, ...] = ()
    protocol: str = "classes"


SETS = {
    "voxelmorph": ScanSet("voxelmorph_scan"),
    "abide": ScanSet("abide_deep_grey"),
    "malc": ScanSet("malc2012", VALIDATION, "neuromorphometrics"),
}


def set_scores(data: Path, name: str, weights: Path, overlays: list[str], gamma: float) -> pd.DataFrame:
    """The scores of one set of scans."""
    scans = SETS[name]
    files = sorted((data / scans.folder / "images").glob("*.nii.gz"))
    files = [file for file in files if not scans.cases or file.name.split(".")[0] in scans.cases]
    contrast = None if gamma == 1 else AdjustContrastd("image", gamma=gamma)
    tables = []
    for file, found in zip(files, segment(files, weights, overlays, contrast, scan_inferer="@volume_inferer")):
        label = classes_of(file.parents[1] / "labels" / file.name, scans.protocol)
        voxel_ml = float(np.prod(nibabel.load(file).header.get_zooms()[:3])) / 1000
        tables.append(scores(found, label, voxel_ml))
    return pd.concat(tables).assign(set=name, weights=f"{weights.parent.name}/{weights.name}", gamma=gamma)


def summary(table: pd.DataFrame) -> dict[str, float]:
    """Mean Dice of every set and of some structures, and the amygdalae's volume as a share of the label's."""
    table = table[table["label_ml"] > 0]
    table = table.assign(kind=table["structure"].str.replace(r"^(left|right) ", "", regex=True))
    rows = {f"{name}: all": part["dice"].mean() for name, part in table.groupby("set", sort=False)}
    for kinds in (["thalamus", "caudate", "putamen", "pallidum"], ["hippocampus", "amygdala"]):
        for kind in kinds:
            for name, part in table[table["kind"] == kind].groupby("set", sort=False):
                rows[f"{name}: {kind}"] = part["dice"].mean()
                rows[f"{name}: {kind}, volume / label's"] = part["volume_ml"].sum() / part["label_ml"].sum()
    return {name: round(float(value), 4) for name, value in rows.items()}


def main() -> None:
    """Write the tables and print the summary, a column for each weights and gamma."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--weights", type=Path, nargs="+", default=[WEIGHTS])
    parser.add_argument("--overlays", nargs="*", default=[], help="further config files of inference, as three views")
    parser.add_argument("--gamma", type=float, nargs="+", default=[1.0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    options = parser.parse_args()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    settings = {"cpu": platform.processor() or platform.machine(), "torch": torch.__version__}
    settings |= {"overlays": options.overlays}
    runs = [(weights, gamma, name) for weights in options.weights for gamma in options.gamma for name in options.sets]
    order = ["weights", "gamma", "set", "case", "structure", "dice", "volume_ml", "label_ml", "confidence", "qc"]
    tables = []
    for weights, gamma, name in tqdm(runs):
        tables.append(set_scores(options.data, name, weights, options.overlays, gamma))
        table = pd.concat(tables)  # a run that is stopped leaves what it has
        table[order].round(4).to_csv(options.output_dir / "scores.csv", index=False)
        groups = table.groupby(["weights", "gamma"], sort=False)
        columns = {f"{weights}, gamma {gamma:g}": summary(part) for (weights, gamma), part in groups}
        text = json.dumps({"settings": settings, "mean_dice": columns}, indent=2)
        (options.output_dir / "summary.json").write_text(text + "\n")
    print(pd.DataFrame(columns).to_string())


if __name__ == "__main__":
    main()
