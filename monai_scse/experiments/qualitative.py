"""A picture of what recalibration changes in one scan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..data import BRAIN_STRUCTURES, get_label_protocol, write_in_one_step

__all__ = ["save_qualitative"]


def _coronal_ras(file: str | Path) -> np.ndarray:
    """A scan as (coronal slices, height, width), left of the patient on the left, top of the head on top."""
    import nibabel

    volume = np.asarray(nibabel.as_closest_canonical(nibabel.load(file)).dataobj)
    return volume.transpose(1, 2, 0)[:, ::-1]


def save_qualitative(
    path: Path, case: Mapping[str, str], segmentations: Mapping[str, Path], protocol: str, errors: str = "red"
) -> None:
    """Save the coronal slice with most structures: the scan, the manual labels, and each segmentation, errors marked.

    Args:
        path: the PNG file.
        case: files of the scan (``"image"``) and of its manual labels (``"label"``).
        segmentations: title and file of each segmentation, class indices on the scan's grid.
        protocol: label protocol of the manual labels.
        errors: colour of the outlines around wrong pixels.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    scan = _coronal_ras(case["image"])
    manual = get_label_protocol(protocol).to_classes(_coronal_ras(case["label"]), case["label"])
    counts = [(len(np.unique(plane)), int((plane > 0).sum())) for plane in manual]
    position = counts.index(max(counts))
    colours = np.array([structure.colour for structure in BRAIN_STRUCTURES], dtype=np.uint8)
    truth = manual[position]
    figure, axes = plt.subplots(
        1, 2 + len(segmentations), figsize=(4 * (2 + len(segmentations)), 4.4), layout="constrained"
    )
    for axis in axes:
        axis.set_axis_off()
    axes[0].imshow(scan[position], cmap="gray")
    axes[0].set_title("scan")
    axes[1].imshow(colours[truth])
    axes[1].set_title("manual")
    for axis, (title, file) in zip(axes[2:], segmentations.items()):
        predicted = _coronal_ras(file)[position].astype(int)
        wrong = predicted != truth
        axis.imshow(colours[predicted])
        axis.contour(wrong, levels=[0.5], colors=errors, linewidths=0.6)
        axis.set_title(f"{title}: {wrong.sum() / max(1, (truth > 0).sum()):.1%} of the brain's pixels wrong")
    write_in_one_step(path, lambda unfinished: figure.savefig(unfinished, dpi=120, format="png"))
    plt.close(figure)
