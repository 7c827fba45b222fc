"""Draw docs/synthetic_ct_pathology.png: one torso for each pathology, with its labels.

python docs/examples/synthetic_ct_pathology_picture.py docs/synthetic_ct_pathology.png
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import ListedColormap
from monai.bundle import ConfigParser
from scipy.ndimage import gaussian_filter

from monai_scse.labels import organ_table
from monai_scse.synthetic.ct.pathology.table import PATHOLOGY
from monai_scse.synthetic.ct.rendering import SyntheticCT
from monai_scse.synthetic.ct.torso import synthetic_ct

BUNDLE = Path(__file__).parents[2] / "bundles/wholebody_ct_scse_segmentation"
COLUMNS, FIRST_SEED = 3, 20


def ill_torso(name: str, first_seed: int) -> tuple[SyntheticCT, np.ndarray]:
    """The first torso that has room for the pathology, and where it differs from the same torso without."""
    for seed in range(first_seed, first_seed + 20):
        ill = synthetic_ct(seed, field_of_view="whole torso", pathology={name: 1.0})
        if name in ill.pathology:
            healthy = synthetic_ct(seed, field_of_view="whole torso")
            differs = np.abs(gaussian_filter(ill.image.astype(np.float32) - healthy.image, 1.5)) > 25
            changed = differs | (ill.labels != healthy.labels)
            return ill, changed
    raise ValueError(f"no torso has room for {name}.")


def main() -> None:
    """An axial and a coronal slice of each, through most of what changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", nargs="*", default=list(PATHOLOGY), choices=list(PATHOLOGY))
    options = parser.parse_args()
    config = ConfigParser()
    config.read_config(str(BUNDLE / "configs/inference.json"))
    colours = ListedColormap(np.array([organ.colour for organ in organ_table(config["organs"])]) / 255)
    rows = math.ceil(len(options.only) / COLUMNS)
    figure, axes = plt.subplots(rows, 2 * COLUMNS, figsize=(4.4 * COLUMNS, 2.3 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for number, name in enumerate(options.only):
        ill, changed = ill_torso(name, FIRST_SEED + number)
        row, column = divmod(number, COLUMNS)
        along = int(changed.sum(axis=(0, 1)).argmax())
        across = int(changed.sum(axis=(0, 2)).argmax())
        size = f"{ill.pathology[name]:.0f} {PATHOLOGY[name].unit}"
        for axis, part in zip(axes[row, 2 * column :], ((..., along), (slice(None), across))):
            image, labels = (volume[part].T for volume in (ill.image, ill.labels))
            origin = "lower" if part[0] is not ... else "upper"
            axis.imshow(image, cmap="gray", vmin=-160, vmax=240, origin=origin)
            organs = np.ma.masked_where((labels == 0) | (labels > 10), labels)
            axis.imshow(organs, cmap=colours, vmin=0, vmax=10, alpha=0.25, origin=origin, interpolation="nearest")
        axes[row, 2 * column].set_title(f"{name}: {size}", fontsize=7, loc="left")
    figure.tight_layout(pad=0.2)
    figure.savefig(options.file, dpi=75)


if __name__ == "__main__":
    main()
