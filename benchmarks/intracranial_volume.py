"""How far the estimated intracranial volume of the brain bundle is from the true one in whole labelled heads.

    python benchmarks/intracranial_volume.py FOLDER

FOLDER holds the 20 label maps of whole heads that SynthSeg publishes (``training_seg_01.nii.gz``, ...). Their numbers
below 500 lie inside the skull: the brain, its vessels and the fluid in and around it. Their volume is the true one. The
weights of the estimate are those with the smallest squared relative error. Each head is estimated with the weights of
the others.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import nibabel
import numpy as np

from monai_scse.labels import label_protocol, structure_table
from monai_scse.metrics import intracranial_measures

TRAIN = Path(__file__).parents[1] / "bundles/brain_mri_scse_segmentation/configs/train.json"
OUTSIDE_THE_SKULL = 500


def measure(file: Path) -> tuple[float, float, float, float]:
    """True volume, brain, convex hull and lateral ventricles of a head in ml."""
    structures = structure_table(json.loads(TRAIN.read_text())["brain_structures"])
    image = nibabel.load(file)
    numbers = np.asarray(image.dataobj).astype(np.int32)
    voxel_mm = image.header.get_zooms()
    inside = np.where(numbers < OUTSIDE_THE_SKULL, numbers, 0)
    true = np.count_nonzero(inside) * np.prod(voxel_mm)
    classes = label_protocol("freesurfer", structures).to_classes(inside, str(file))
    measures = (
        true,
        np.count_nonzero(classes) * np.prod(voxel_mm),
        *intracranial_measures(classes, voxel_mm, structures),
    )
    return tuple(float(value) / 1000 for value in measures)


def fit(measures: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The weights of the measures, (heads, measures), with the smallest squared relative error."""
    return np.linalg.lstsq(measures / true[:, None], np.ones(len(true)), rcond=None)[0]


def left_out_errors(measures: np.ndarray, true: np.ndarray) -> np.ndarray:
    """For each head the error in percent of the estimate with the weights of the others."""
    others = [np.arange(len(true)) != head for head in range(len(true))]
    estimates = np.array([measures[head] @ fit(measures[rest], true[rest]) for head, rest in enumerate(others)])
    return 100 * (estimates / true - 1)


def main() -> None:
    """Print a row for each head, then a row for each way to estimate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.nii.gz"))
    table = np.array([measure(file) for file in files])
    true, brain, hull, ventricles = table.T
    errors = left_out_errors(table[:, 2:], true)
    print("| head | true ml | brain ml | convex hull ml | lateral ventricles ml | error of the estimate % |")
    print("|---|---|---|---|---|---|")
    for file, row, error in zip(files, table, errors):
        print(f"| {file.name[-9:-7]} | {' | '.join(f'{value:.0f}' for value in row)} | {error:+.1f} |")
    one = np.ones_like(true)
    ways = {
        "brain": [brain],
        "hull": [hull],
        "hull, ventricles": [hull, ventricles],
        "hull, ventricles, brain": [hull, ventricles, brain],
        "hull, ventricles, constant": [hull, ventricles, one],
    }
    print("\n| estimated from | weights | mean error % | largest error % | correlation |")
    print("|---|---|---|---|---|")
    for name, columns in ways.items():
        measures = np.stack(columns, axis=1)
        errors = left_out_errors(measures, true)
        weights = ", ".join(f"{weight:.3f}" for weight in fit(measures, true))
        correlation = np.corrcoef(true, true * (1 + errors / 100))[0, 1]
        print(f"| {name} | {weights} | {abs(errors).mean():.1f} | {abs(errors).max():.1f} | {correlation:.3f} |")


if __name__ == "__main__":
    main()
