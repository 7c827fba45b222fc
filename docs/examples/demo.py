"""Segment a scan that needs no download with one of the bundles: what `make demo` and `make demo-ct` run.

The brain is the ICBM 152 template, which nilearn carries in its package. The CT is a synthetic torso, of
which the organs are known.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd

from monai_scse.cli import main as monai_scse
from monai_scse.metrics import score_structures
from monai_scse.synthetic.ct.structures import SYNTHETIC_STRUCTURES
from monai_scse.synthetic.ct.torso import synthetic_ct

CT_SEED = 2018  # the training of the weights has seeds 5000 to 5025


def make_brain(folder: Path) -> Path:
    """Write the ICBM 152 template."""
    from nilearn.datasets import load_mni152_template

    scan = folder / "icbm152_t1.nii.gz"
    load_mni152_template(resolution=1).to_filename(scan)
    return scan


def make_ct(folder: Path) -> Path:
    """Write a synthetic CT, and its true labels in ``truth/``."""
    ct = synthetic_ct(CT_SEED, spacing=(1.5, 1.5, 3.0), field_of_view="whole torso")
    scan = folder / "synthetic_ct.nii.gz"
    nibabel.save(nibabel.Nifti1Image(ct.image, ct.affine), scan)
    (folder / "truth").mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(ct.labels, ct.affine), folder / "truth" / scan.name)
    return scan


def print_largest(volumes: pd.DataFrame) -> None:
    """Print the ten largest structures."""
    print("\nThe ten largest structures:")
    for structure, volume in volumes.nlargest(10, "volume_mm3")[["structure", "volume_mm3"]].itertuples(index=False):
        print(f"  {structure:<32}{volume / 1000:8.1f} ml")


def print_agreement(volumes: pd.DataFrame, segmentation: Path, truth: Path) -> None:
    """Print volume and Dice of every organ of the synthetic CT."""
    pred, label = (np.asarray(nibabel.load(file).dataobj) for file in (segmentation, truth))
    label = np.where(label <= len(volumes), label, 0)
    spacing = nibabel.load(truth).header.get_zooms()
    scores = score_structures(pred, label, len(volumes) + 1, spacing)
    print(f"\n{'organ':<24}{'volume':>12}{'Dice':>8}")
    for (structure, volume), score in zip(volumes[["structure", "volume_mm3"]].itertuples(index=False), scores):
        assert SYNTHETIC_STRUCTURES[score.index] == structure
        print(f"  {structure:<22}{volume / 1000:9.1f} ml{score.dice:8.3f}")
    print(
        "\nThis torso is synthetic, as were those that the weights have learnt from: the demo shows that the\n"
        "pipeline works, not how well it does on patients."
    )


DEMOS = {"brain": ("brain", make_brain), "ct": ("body", make_ct)}


def main() -> None:
    """Write scan, segmentation, volumes and picture, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", choices=DEMOS)
    parser.add_argument("--output_dir", type=Path, default=Path("demo_output"))
    options = parser.parse_args()
    task, make_scan = DEMOS[options.demo]
    output_dir = options.output_dir.resolve()
    output_dir.mkdir(parents=True, exist_ok=True)

    scan = make_scan(output_dir)
    words = ["segment", task, str(scan), "-o", str(output_dir)]
    print(f"$ monai-scse {' '.join(words)}", flush=True)
    if status := monai_scse(words, standalone_mode=False):
        sys.exit(status)

    case = scan.name.removesuffix(".nii.gz")
    volumes = pd.read_csv(output_dir / f"{case}_volumes.csv")
    if options.demo == "ct":
        print_agreement(volumes, output_dir / f"{case}_seg.nii.gz", output_dir / "truth" / scan.name)
    else:
        print_largest(volumes)
    print(f"\nOpen {output_dir / f'{case}_report.html'}")


if __name__ == "__main__":
    main()
