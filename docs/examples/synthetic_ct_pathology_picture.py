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
from PIL import Image

from monai_scse.labels import organ_table
from monai_scse.synthetic.ct.pathology.draw import Illness, draw_pathology
from monai_scse.synthetic.ct.pathology.table import PATHOLOGY
from monai_scse.synthetic.ct.rendering import render_ct
from monai_scse.synthetic.ct.torso import synthetic_ct

BUNDLE = Path(__file__).parents[2] / "bundles/wholebody_ct_scse_segmentation"
COLUMNS, SPACING, TORSOS = 3, (3.0, 3.0, 3.0), (6, 41)


def ill_torso(name: str, labels: np.ndarray) -> tuple[np.ndarray, Illness]:
    """Hounsfield units and labels of a torso with a pathology of middle size, and where it is."""
    low, high = np.log(PATHOLOGY[name].size)
    for seed in range(100):
        ill = draw_pathology(seed, labels, np.array(SPACING), {name: 1.0})
        if ill.sizes and 0.25 * (high - low) <= math.log(ill.sizes[name]) - low <= 0.8 * (high - low):
            image = render_ct(np.random.default_rng(seed), ill.labels, np.array(SPACING), None, "portal venous", ill)
            return image, ill
    raise ValueError(f"no place for {name}.")


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
    torsos = [synthetic_ct(seed, SPACING, "whole torso").labels[::-1, ::-1].copy() for seed in TORSOS]
    figure, axes = plt.subplots(rows, 2 * COLUMNS, figsize=(4.4 * COLUMNS, 2.3 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for number, name in enumerate(options.only):
        healthy = torsos[number % len(torsos)]
        image, ill = ill_torso(name, healthy)
        changed = ill.painted > 0
        changed[..., healthy.shape[2] :] |= ill.labels[..., healthy.shape[2] :] > 0
        changed[..., : healthy.shape[2]] |= ill.labels[..., : healthy.shape[2]] != healthy
        row, column = divmod(number, COLUMNS)
        along = int(changed.sum(axis=(0, 1)).argmax())
        across = int(changed.sum(axis=(0, 2)).argmax())
        size = f"{ill.sizes[name]:.0f} {PATHOLOGY[name].unit}"
        for axis, part in zip(axes[row, 2 * column :], ((..., along), (slice(None), across))):
            scan, labels = (volume[::-1][part].T for volume in (image, ill.labels))
            axis.imshow(scan, cmap="gray", vmin=-160, vmax=240, origin="lower")
            organs = np.ma.masked_where((labels == 0) | (labels > 10), labels)
            axis.imshow(organs, cmap=colours, vmin=0, vmax=10, alpha=0.25, origin="lower", interpolation="nearest")
        axes[row, 2 * column].set_title(f"{name}: {size}", fontsize=7, loc="left")
    figure.tight_layout(pad=0.2)
    figure.savefig(options.file, dpi=75)
    Image.open(options.file).convert("RGB").quantize(96).save(options.file, optimize=True)  # a third of the bytes


if __name__ == "__main__":
    main()
