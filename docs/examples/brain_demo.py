"""Segment the ICBM 152 template, which nilearn carries in its package, with the brain bundle: what `make demo` runs."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd
from nilearn.datasets import load_mni152_template

BUNDLE = Path(__file__).parents[2] / "bundles" / "brain_mri_scse_segmentation"


def main() -> None:
    """Write scan, segmentation, volumes and picture, and print the largest structures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output_dir", type=Path, default=Path("demo_output"))
    output_dir = parser.parse_args().output_dir.resolve()
    output_dir.mkdir(parents=True, exist_ok=True)

    scan = output_dir / "icbm152_t1.nii.gz"
    load_mni152_template(resolution=1).to_filename(scan)
    command = ["-m", "monai.bundle", "run", "--config_file", str(BUNDLE / "configs" / "inference.json")]
    command += ["--bundle_root", str(BUNDLE), "--dataset_dir", str(scan), "--output_dir", str(output_dir)]
    print(f"Segmenting 27 brain structures in {scan}", flush=True)
    finished = subprocess.run([sys.executable, *command])
    if finished.returncode:
        sys.exit(finished.returncode)

    volumes = pd.read_csv(output_dir / "icbm152_t1_volumes.csv").nlargest(10, "volume_mm3")
    print("\nThe ten largest structures:")
    for structure, volume in zip(volumes["structure"], volumes["volume_mm3"]):
        print(f"  {structure:<32}{volume / 1000:8.1f} ml")
    print(f"\nSegmentation  {output_dir / 'icbm152_t1_seg.nii.gz'}")
    print(f"Volumes       {output_dir / 'icbm152_t1_volumes.csv'}")
    print(f"Picture       {output_dir / 'icbm152_t1_overlay.png'}")


if __name__ == "__main__":
    main()
