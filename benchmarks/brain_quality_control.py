"""How many of the brain bundle's structures are flagged in scans that are no brain, or not all of one.

    python benchmarks/brain_quality_control.py SCAN [--further SCAN ...]

SCAN is a skull-stripped T1 scan of a whole brain. It, its variants, and scans that show no brain go through the
bundle's inference. The flagged rows of volumes.csv are counted. Further scans go through it as they are, and what is
said of them is printed. Volumes of label maps are compared by brain_volume_norms.py.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
from monai.bundle import ConfigParser

from monai_scse.synthetic.ct.torso import synthetic_ct

BUNDLE = Path(__file__).parents[1] / "bundles/brain_mri_scse_segmentation"
REASONS = "(no brain of an adult|cut off|not found|sides differ|95 % of adults|unsure of the whole|unsure)"


def doubtful_scans(brain: np.ndarray) -> dict[str, np.ndarray]:
    """Scans by name, axes to the right, front and head, voxels of 1 mm."""
    random = np.random.default_rng(0)
    grid = np.indices((200, 200, 200)) - 100
    ball = (np.linalg.norm(grid, axis=0) < 68) * random.normal(100, 10, grid.shape[1:]).clip(1)  # 1.3 l
    lower, left = brain.copy(), brain.copy()
    lower[..., brain.shape[2] // 2 :] = 0
    left[brain.shape[0] // 2 :] = 0
    return {
        "the scan as it is": brain,
        "torso CT": synthetic_ct(0, field_of_view="abdomen").image,
        "white noise": random.normal(100, 20, brain.shape).clip(1),
        "lower half": lower,
        "left half": left,
        "ball": ball,
        "upside down": brain[:, ::-1, ::-1],
        "inverted contrast": np.where(brain > 0, brain.max() - brain + 1, 0),
    }


def main() -> None:
    """Print a row for each scan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scan", type=Path)
    parser.add_argument("--further", type=Path, nargs="*", default=[], help="scans to segment as they are")
    options = parser.parse_args()
    scan = nibabel.as_closest_canonical(nibabel.load(options.scan))
    scans = doubtful_scans(np.asarray(scan.dataobj, dtype=np.float32))
    with tempfile.TemporaryDirectory() as folder:
        cases = []
        for name, volume in scans.items():
            file = Path(folder) / f"{name}.nii.gz"
            nibabel.save(nibabel.Nifti1Image(volume.astype(np.float32), np.eye(4)), file)
            cases.append({"image": str(file)})
        cases += [{"image": str(file)} for file in options.further]
        config = ConfigParser()
        config.read_config(str(BUNDLE / "configs/inference.json"))
        config["cases"] = cases
        config.update({"bundle_root": str(BUNDLE), "output_dir": folder})
        config.get_parsed_content("evaluator").run()
        table = pd.read_csv(Path(folder) / "volumes.csv", keep_default_na=False, na_values={"confidence": [""]})
    for name, rows in table.groupby("case", sort=False):
        flagged = rows["qc"] != ""
        reasons = rows["qc"].str.extract(REASONS)[0].value_counts()
        found = ", ".join(f"{reason}: {count}" for reason, count in reasons.items()) or "none"
        mean = rows["confidence"].mean()
        print(f"{name}: {flagged.sum()} of {len(rows)} flagged ({found}), mean confidence {mean:.2f}")
        if name not in scans:
            for reason, which in rows[flagged].groupby("qc", sort=False):
                print(f"    {' and '.join(which['structure'])}: {reason}")


if __name__ == "__main__":
    main()
