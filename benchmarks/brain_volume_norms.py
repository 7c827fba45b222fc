"""What volume each structure of the brain bundle has in adults: the numbers of ``volume_ml`` in its class table.

    python benchmarks/brain_volume_norms.py DATA VOLUMES.csv [--segmented scores.csv ...]

DATA holds malc2012, malc2012_more, hoa2_label_maps and synthseg_label_maps. VOLUMES.csv receives the volumes of all
label maps. Where it exists, the maps are not read again.

A volume is divided by that of the whole brain, all structures together, and given for a brain of 1250 ml. So size of
the head, and most of what age takes, are out of it. Left and right are added. From MALC come the median and a range: a
straight line of the logarithm over age, 95 % of further people around it, and its lowest and highest point from 18 to
90 years. Maps of the Harvard-Oxford atlas have no cortex and no white matter. Their 2.5th and 97.5th percentile count
as if their mean brain were that of MALC's people under 36. SynthSeg's heads have FreeSurfer's labels, and many are of
old or ill people. Their smallest and largest count. The widest limits of the three are taken.

Prints the table, then who is flagged: MALC and SynthSeg, each by the ranges of all others, and with --segmented
what other_scanners.py wrote.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
from brain_runs import STRUCTURES, classes_of
from scipy.stats import t as student

from monai_scse.labels import LabelProtocol
from monai_scse.metrics import class_sizes
from monai_scse.transforms import TYPICAL_BRAIN_ML

NAMES = [structure.name for structure in STRUCTURES[1:]]
KINDS = list(dict.fromkeys(name.removeprefix("left ").removeprefix("right ") for name in NAMES))
AGES = np.array([18.0, 90.0])
YOUNG = 36  # the Harvard-Oxford maps are of people of 22 to 35


def malc_volumes(folder: Path) -> pd.DataFrame:
    """Volumes of manual maps, with the ages."""
    ages = pd.read_csv(folder / "participants.tsv", sep="\t", dtype={"id": str}).set_index("id")["age"]
    files = sorted((folder / "labels").glob("*.nii.gz"))
    rows = [_volumes(classes_of(file, "neuromorphometrics"), file) for file in files]
    return pd.DataFrame(rows, columns=NAMES).assign(case=[file.name[:4] for file in files], age=ages.to_numpy())


def synthseg_volumes(folder: Path) -> pd.DataFrame:
    """Volumes of whole heads, many of the old and ill."""
    numbers = pd.read_csv(folder / "structures27_mapping.csv")
    mapping = {int(label): int(index) for label, index in zip(numbers["label"], numbers["class_index"])}
    protocol = LabelProtocol("synthseg", STRUCTURES, mapping, others_are_background=True)
    files = sorted(folder.glob("*.nii.gz"))
    rows = [_volumes(protocol.to_classes(np.asarray(nibabel.load(file).dataobj)), file) for file in files]
    return pd.DataFrame(rows, columns=NAMES).assign(case=[file.name.split(".")[0] for file in files])


def _volumes(classes: np.ndarray, file: Path) -> np.ndarray:
    voxel_ml = float(np.prod(nibabel.load(file).header.get_zooms()[:3])) / 1000
    return class_sizes(classes, len(STRUCTURES))[1:] * voxel_ml


def by_kind(volumes: pd.DataFrame) -> pd.DataFrame:
    """Both sides together, in a brain of the typical size."""
    brain = volumes[NAMES].sum(axis=1)
    sums = {kind: volumes[[name for name in NAMES if name.endswith(kind)]].sum(axis=1) for kind in KINDS}
    return pd.DataFrame(sums).div(brain, axis=0) * TYPICAL_BRAIN_ML


def malc_limits(shares: pd.Series, ages: pd.Series) -> tuple[float, float, float]:
    """Lowest, median and highest volume of a kind from 18 to 90 years."""
    x, y = ages.to_numpy(float), np.log(shares.to_numpy(float))
    slope, level = np.polyfit(x, y, 1)
    deviation = np.sqrt(((y - level - slope * x) ** 2).sum() / (len(x) - 2))
    reach = student.ppf(0.975, len(x) - 2) * deviation * np.sqrt(1 + 1 / len(x))
    middle = level + slope * AGES
    return float(np.exp((middle - reach).min())), float(np.median(shares)), float(np.exp((middle + reach).max()))


def norms(malc: pd.DataFrame, drawn: pd.DataFrame, heads: pd.DataFrame) -> pd.DataFrame:
    """Lowest, median and highest volume of each kind, both sides together, and what they are made of.

    Args:
        malc: volumes and ages.
        drawn: volumes of the Harvard-Oxford maps, without cortex and white matter.
        heads: volumes of SynthSeg's heads.
    """
    shares, others = by_kind(malc), by_kind(heads)
    brain = malc.loc[malc["age"] < YOUNG, NAMES].sum(axis=1).mean()
    rows = {}
    for kind in KINDS:
        low, median, high = malc_limits(shares[kind], malc["age"])
        there = drawn[[name for name in NAMES if name.endswith(kind)]].sum(axis=1) * TYPICAL_BRAIN_ML / brain
        limits = there.quantile([0.025, 0.975]).tolist() if there.any() else [np.nan] * 2
        limits = [low, high, *limits, others[kind].min(), others[kind].max()]
        rows[kind] = (np.nanmin(limits), median, np.nanmax(limits), *limits)
    sources = [f"{source} {end}" for source in ("MALC", "Harvard-Oxford", "SynthSeg") for end in ("low", "high")]
    columns = ["low", "median", "high", *sources]
    return pd.DataFrame(rows, index=columns).T


def flags(volumes: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Whether each kind of each case lies outside."""
    found = by_kind(volumes)
    return (found < table["low"]) | (found > table["high"])


def _tell(name: str, outside: pd.DataFrame, cases: pd.Series) -> None:
    """Print how many kinds are flagged, and whose."""
    kinds = {case: [kind for kind in KINDS if row[kind]] for case, (_, row) in zip(cases, outside.iterrows())}
    told = "; ".join(f"{case}: {', '.join(found)}" for case, found in kinds.items() if found) or "none"
    print(f"\n{name}: {outside.to_numpy().sum()} flags in {len(outside)} maps. {told}")


def main() -> None:
    """Print the numbers and the flags."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("volumes", type=Path)
    parser.add_argument("--segmented", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    if not options.volumes.exists():
        drawn = pd.read_csv(options.data / "hoa2_label_maps/volumes_ml.csv")
        sets = {
            **{name: malc_volumes(options.data / name) for name in ("malc2012", "malc2012_more")},
            "hoa2": drawn.set_axis(["case", *NAMES], axis=1),
            "synthseg": synthseg_volumes(options.data / "synthseg_label_maps"),
        }
        whole = pd.concat([volumes.assign(set=name) for name, volumes in sets.items()])
        options.volumes.parent.mkdir(parents=True, exist_ok=True)
        whole[["set", "case", "age", *NAMES]].round(3).to_csv(options.volumes, index=False)
    whole = pd.read_csv(options.volumes, dtype={"case": str})
    malc = whole[whole["set"].str.startswith("malc")].reset_index(drop=True)
    drawn, heads = (whole[whole["set"] == name].reset_index(drop=True) for name in ("hoa2", "synthseg"))
    table = norms(malc, drawn, heads)
    print(table.round(2).to_string())
    for kind in KINDS:
        each = table.loc[kind, ["low", "median", "high"]] / (1 if kind in NAMES else 2)
        print(f'{kind}, each side: "volume_ml": [{", ".join(f"{value:.3g}" for value in each)}]')
    others = [norms(malc.drop(case), drawn, heads) for case in malc.index]
    _tell("MALC", pd.concat([flags(malc.loc[[case]], each) for case, each in enumerate(others)]), malc["case"])
    others = [norms(malc, drawn, heads.drop(case)) for case in heads.index]
    _tell("SynthSeg", pd.concat([flags(heads.loc[[case]], each) for case, each in enumerate(others)]), heads["case"])
    for file in options.segmented:
        scores = pd.read_csv(file, dtype={"case": str})
        keys = [name for name in ("set", "gamma", "case") if name in scores]
        found = scores.pivot_table(index=keys, columns="structure", values="volume_ml", sort=False).reset_index()
        cases = found[keys].astype(str).agg(" ".join, axis=1)
        _tell(str(file), flags(found, table), cases)


if __name__ == "__main__":
    main()
