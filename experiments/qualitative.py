"""A picture of what recalibration changes in one scan."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.transforms import Orientation

from monai_scse.labels import Structure, label_protocol, organ_table, structure_table
from monai_scse.runtime import atomic_write
from monai_scse.transforms import LoadOrganLabelsd, LoadScand

__all__ = ["coronal", "manual_classes", "ras", "save_qualitative"]


def coronal(volume: np.ndarray) -> np.ndarray:
    """A RAS volume as (coronal slices, height, width), the patient's right on the left, top of the head on top."""
    return volume.transpose(1, 2, 0)[:, ::-1, ::-1]


def ras(file: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """A file's voxels and their size in mm, axes to the right, front and head."""
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(file))
    return np.asarray(image.dataobj), np.array(image.header.get_zooms()[:3])


def manual_classes(config: Mapping[str, Any], case: Mapping[str, str]) -> tuple[np.ndarray, Sequence[Structure]]:
    """The manual labels of a case as a bundle's classes, axes to the right, front and head, and what the classes are.

    Args:
        config: that of the bundle: ``brain_structures`` and ``label_protocol``, or ``organs`` and ``label_numbers``.
        case: its files ``"image"`` and ``"label"``.
    """
    if "label_protocol" in config:
        numbers, _ = ras(case["label"])
        structures = structure_table(config["brain_structures"])
        return label_protocol(config["label_protocol"], structures).to_classes(numbers, case["label"]), structures
    load = LoadOrganLabelsd("label", config["organs"], config["label_numbers"])
    files: dict[Hashable, Any] = {"image": case["image"], "label": case["label"]}
    label = Orientation("RAS", labels=None)(load(LoadScand("image")(files))["label"])
    return label[0].clamp(min=0).numpy(), organ_table(config["organs"])


def save_qualitative(
    path: Path,
    scan: str | Path,
    manual: np.ndarray,
    segmentations: Mapping[str, Path],
    structures: Sequence[Structure],
    window: tuple[float, float] | None = None,
    errors: str = "red",
) -> None:
    """Save the coronal slice with most structures: the scan, its labels, and each segmentation, errors marked.

    Args:
        path: the PNG file.
        scan: its file.
        manual: its labels, see :func:`manual_classes`.
        segmentations: title and file of each segmentation, class indices on the scan's grid.
        structures: names and colours of the classes, index 0 is background.
        window: intensities shown as black and as white. None takes the lowest and the highest of the slice.
        errors: colour of the outlines around wrong pixels.
    """
    from matplotlib.figure import Figure

    volume, spacing = ras(scan)
    manual = coronal(manual)
    counts = [(len(np.unique(plane)), int((plane > 0).sum())) for plane in manual]
    position = counts.index(max(counts))
    colours = np.array([structure.colour for structure in structures], dtype=np.uint8)
    truth = manual[position]
    columns = 2 + len(segmentations)
    figure = Figure(figsize=(4 * columns, 4.4), layout="constrained")
    axes = figure.subplots(1, columns)
    for axis in axes:
        axis.set_axis_off()
    low, high = window or (None, None)
    aspect = spacing[2] / spacing[0]
    axes[0].imshow(coronal(volume)[position], cmap="gray", vmin=low, vmax=high, aspect=aspect)
    axes[0].set_title("scan")
    axes[1].imshow(colours[truth], aspect=aspect)
    axes[1].set_title("labels")
    for axis, (title, file) in zip(axes[2:], segmentations.items()):
        predicted = coronal(ras(file)[0])[position].astype(int)
        wrong = predicted != truth
        axis.imshow(colours[predicted], aspect=aspect)
        axis.contour(wrong, levels=[0.5], colors=errors, linewidths=0.6)
        axis.set_title(f"{title}: wrong {wrong.sum() / max(1, (truth > 0).sum()):.1%} of the labelled pixels")
    atomic_write(path, lambda unfinished: figure.savefig(unfinished, dpi=120, format="png"))
