"""What the quality control of the CT bundle says of real scans, of people's organs drawn by hand, and of other objects.

    python benchmarks/ct_quality_control.py --scans SCAN ... --people LABELS ... --output_csv flags.csv

SCAN is a CT in Hounsfield units. LABELS is a label map of the BTCV challenge, as a network without an error would draw
it: 1 spleen, 2 right and 3 left kidney, 5 liver, 7 aorta. It has no image, so that bones, air and the network's
confidence play no part. Torsos, and objects that are no torso, are drawn. Scans and drawn objects go through the
bundle's inference. A row of the table is a flagged class, and a line of the output counts them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor

from monai_scse.data import case_name
from monai_scse.labels import Organ, organ_table
from monai_scse.synthetic.ct.torso import synthetic_ct
from monai_scse.transforms import QC_KEY, OrganPartsQCd, OrganShapeQCd

BUNDLE = Path(__file__).parents[1] / "bundles/wholebody_ct_scse_segmentation"
NUMBERS = {"spleen": 1, "right kidney": 2, "left kidney": 3, "liver": 5, "aorta": 7}


def objects() -> dict[str, tuple[np.ndarray, tuple[float, float, float]]]:
    """Scans by name: Hounsfield units, axes to the left, back and head, and voxel size in mm."""
    random = np.random.default_rng(0)
    torso = synthetic_ct(0, field_of_view="whole torso").image
    around = np.indices((100, 100, 60)) * 3.0 - np.reshape((150, 150, 90), (3, 1, 1, 1))
    across = np.hypot(around[0], around[1])
    water = np.where(across < 140, 0.0, -1000.0)  # a cylinder of 28 cm
    water[np.hypot(around[0] - 70, around[1]) < 15] = 120  # rods of plastic
    water[np.hypot(around[0] + 70, around[1]) < 15] = -100
    skull = np.linalg.norm(around / np.reshape((1, 1.25, 1.1), (3, 1, 1, 1)), axis=0)
    head = np.where(skull < 75, 1000.0, -1000.0)
    head[skull < 68] = 35
    thighs = np.full(around.shape[1:], -1000.0)
    for side in (-72, 72):
        away = np.hypot(around[0] - side, around[1])
        for radius, value in ((70, -100), (56, 55), (15, 900)):
            thighs[away < radius] = value
    drawn = {"water phantom": water, "head": head, "two thighs": thighs}
    noisy = {name: volume + random.normal(0, 12, volume.shape) for name, volume in drawn.items()}
    scans = {name: (volume, (3.0, 3.0, 3.0)) for name, volume in noisy.items()}
    scans["animal: a torso of half the size"] = (torso, (1.5, 1.5, 1.5))
    scans["hips and thighs of a torso"] = (torso[..., :30], (3.0, 3.0, 3.0))
    scans["torso upside down"] = (torso[..., ::-1], (3.0, 3.0, 3.0))
    views = ("whole torso", "abdomen and pelvis", "thorax and abdomen", "thorax")
    for seed, view in enumerate(views, start=900):
        scans[f"torso {seed}, {view}"] = (synthetic_ct(seed, field_of_view=view).image, (3.0, 3.0, 3.0))
    return scans


def of_scans(scans: list[Path], config: ConfigParser, folder: Path) -> pd.DataFrame:
    """Rows of volumes.csv of real and drawn scans."""
    cases = [{"image": str(scan)} for scan in scans]
    for name, (volume, spacing) in objects().items():
        file = folder / f"{name}.nii.gz"
        affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1])
        nibabel.save(nibabel.Nifti1Image(volume.astype(np.int16), affine), file)
        cases.append({"image": str(file)})
    config["cases"] = cases
    config.update({"bundle_root": str(BUNDLE), "output_dir": str(folder), "overlay": False})
    config.get_parsed_content("evaluator").run()
    return pd.read_csv(folder / "volumes.csv", keep_default_na=False)


def of_person(file: Path, table: tuple[Organ, ...]) -> list[dict[str, object]]:
    """A row for each organ of a person, drawn by hand."""
    image = nibabel.as_closest_canonical(nibabel.load(file))
    few = [max(round(2.5 / step), 1) for step in image.header.get_zooms()]
    labels = np.asarray(image.dataobj)[:: few[0], :: few[1], :: few[2]]
    classes = np.zeros(labels.shape, dtype=np.float32)
    for index, organ in enumerate(table):
        classes[labels == NUMBERS.get(organ.name, -1)] = index
    affine = image.affine @ np.diag([*few, 1])
    sample = {
        "image": MetaTensor(torch.full((1, *classes.shape), 0.5), affine=affine),
        "pred": MetaTensor(torch.from_numpy(classes)[None], affine=affine),
    }
    checked = OrganShapeQCd("pred", table)(OrganPartsQCd("pred")(sample))["pred"].meta[QC_KEY]
    voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
    doubts = []
    for index, organ in enumerate(table):
        volume = float((classes == index).sum() * voxel_ml)
        if organ.name in NUMBERS and volume:
            small = f"{volume:.1f} ml, at least {organ.min_volume_ml:g} ml expected"
            why = [small] if volume < organ.min_volume_ml else []
            why += [checked[index]] if index in checked else []
            doubts.append({"case": case_name(str(file)), "structure": organ.name, "qc": "; ".join(why)})
    return doubts


def main() -> None:
    """Print a line for each scan and for the people, and write the flagged classes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=Path, nargs="*", default=[])
    parser.add_argument("--people", type=Path, nargs="*", default=[])
    parser.add_argument("--output_csv", type=Path, required=True)
    options = parser.parse_args()
    config = ConfigParser()
    config.read_config(str(BUNDLE / "configs/inference.json"))
    with tempfile.TemporaryDirectory() as folder:
        table = of_scans(options.scans, config, Path(folder))
    for name, rows in table.groupby("case", sort=False):
        gone = rows["qc"].str.startswith(("removed", "no "))
        print(f"{name}: {(rows['qc'] != '').sum()} of {len(rows)} flagged, {gone.sum()} of them left empty")
    people = pd.DataFrame(
        [row for file in options.people for row in of_person(file, organ_table(config["organs"]))],
        columns=["case", "structure", "qc"],
    )
    for organ, rows in people.groupby("structure", sort=False):
        print(f"people, {organ}: {(rows['qc'] != '').sum()} of {len(rows)} flagged")
    both = pd.concat([table[["case", "structure", "volume_mm3", "confidence", "qc"]], people])
    both[both["qc"] != ""].to_csv(options.output_csv, index=False)


if __name__ == "__main__":
    main()
