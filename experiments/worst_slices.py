"""A page of pictures: the worst slices of every structure, and what its voxels are called instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from monai.bundle import ConfigParser

from monai_scse.data import case_name, labelled_cases
from monai_scse.labels import Structure
from monai_scse.metrics import class_sizes
from monai_scse.runtime import InputError, atomic_write
from monai_scse.visualize import display_window

from .qualitative import coronal, manual_classes, ras

__all__ = ["slice_scores", "write_worst_slices"]

_MARGIN = 14  # pixels around a structure
_LARGE = 1 / 3  # of the structure's largest slice: smaller ones are its ends, where a pixel is much


class _Case(NamedTuple):
    """A scan, its labels and its segmentation, (coronal slices, height, width)."""

    name: str
    scan: np.ndarray
    label: np.ndarray
    found: np.ndarray
    aspect: float
    structures: Sequence[Structure]


def slice_scores(label: np.ndarray, found: np.ndarray, num_classes: int) -> pd.DataFrame:
    """Dice of every class in every slice that shows it: columns slice, class, dice, label_pixels.

    Args:
        label: class indices, (slices, height, width).
        found: other class indices, same shape.
        num_classes: number of classes, background included.
    """
    rows = []
    for position, (truth, guess) in enumerate(zip(label, found)):
        true, all_found, both = (
            class_sizes(each[None], num_classes)[:num_classes] for each in (truth, guess, truth * (truth == guess))
        )
        for index in np.flatnonzero(true + all_found):
            if index:
                rows.append((position, index, 2 * both[index] / (true[index] + all_found[index]), true[index]))
    return pd.DataFrame(rows, columns=["slice", "class", "dice", "label_pixels"])


def _cases(dataset_dir: Path, segmentations: Path, bundle: Path, protocol: str | None) -> Iterator[_Case]:
    config = ConfigParser.load_config_file(str(bundle / "configs/train.json"))
    if protocol is not None:
        config["label_protocol" if "label_protocol" in config else "label_numbers"] = protocol
    for files in labelled_cases(dataset_dir):
        name = case_name(files["image"])
        segmentation = segmentations / f"{name}_seg.nii.gz"
        if segmentation.exists():
            label, structures = manual_classes(config, files)
            scan, spacing = ras(files["image"])
            found = ras(segmentation)[0].astype(np.uint8)
            if found.shape != label.shape:
                raise InputError(
                    f"{segmentation}: {found.shape} voxels, its label has {label.shape}; segment the scan of the label."
                )
            planes = coronal(scan), coronal(label.astype(np.uint8)), coronal(found)
            yield _Case(name, *planes, float(spacing[2] / spacing[0]), structures)


def _called(table: np.ndarray, index: int, structures: Sequence[Structure]) -> str:
    """What a structure's voxels are called, and what is called so, from voxels by label (rows) and by class found."""
    parts = []
    for what, line in (("missed", table[index]), ("too much", table[:, index])):
        others = line.astype(float).copy()
        others[index] = 0
        size = max(1, table[index].sum())
        largest = [other for other in others.argsort()[::-1][:3] if others[other] > 0.005 * size]
        names = ", ".join(f"{structures[other].name} {100 * others[other] / size:.0f} %" for other in largest)
        parts.append(f"{what}: {100 * others.sum() / size:.0f} %" + (f" ({names})" if names else ""))
    return "; ".join(parts)


def _save(path: Path, panels: Sequence[tuple[_Case, int, float]], index: int) -> None:
    """A row for each slice: the scan, its labels and the segmentation, cut out around a structure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.1 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), 3, squeeze=False)
    for row, (case, position, dice) in zip(axes, panels):
        label, found = case.label[position], case.found[position]
        places = np.argwhere((label == index) | (found == index))
        box = tuple(
            slice(max(0, low - _MARGIN), high + _MARGIN + 1)
            for low, high in zip(places.min(axis=0), places.max(axis=0))
        )
        low, high = display_window(case.scan)
        colours = np.array([structure.colour for structure in case.structures], dtype=np.uint8)
        for axis, classes in zip(row, (None, label, found)):
            axis.imshow(case.scan[position][box], cmap="gray", vmin=low, vmax=high, aspect=case.aspect)
            if classes is not None:
                shown = np.dstack([colours[classes[box]], np.where(classes[box] > 0, 140, 0).astype(np.uint8)])
                axis.imshow(shown, aspect=case.aspect, interpolation="nearest")
                axis.contour(classes[box] == index, levels=[0.5], colors="white", linewidths=1)
            axis.set_axis_off()
        row[0].set_title(f"{case.name}, slice {position}")
        row[1].set_title("labels")
        row[2].set_title(f"segmentation, Dice {dice:.2f}")
    atomic_write(path, lambda unfinished: figure.savefig(unfinished, dpi=70, format="png"))


def write_worst_slices(
    dataset_dir: Path, segmentations: Path, output: Path, bundle: Path, count: int = 3, protocol: str | None = None
) -> Path:
    """Write ``index.html`` with the worst slices of every structure, one a scan, and ``slices.csv`` with all Dice.

    Slices are coronal. Those at the ends of a structure are left out. The page shows scans: look at their licence
    before it leaves the machine.

    Args:
        dataset_dir: folder with ``images/`` and ``labels/``.
        segmentations: folder with ``<case>_seg.nii.gz``, as ``monai-scse segment`` writes them. Cases without are left
            out.
        output: folder that receives the page.
        bundle: folder of the bundle that segmented them.
        count: slices of a structure, of as many scans.
        protocol: numbers of the labels. None takes those that the bundle trains with.

    Returns:
        the page.

    Raises:
        InputError: when no case has a segmentation, or one is of another size than its labels.
    """
    tables, cases = [], []
    for case in _cases(dataset_dir, segmentations, bundle, protocol):
        cases.append(case)
        tables.append(slice_scores(case.label, case.found, len(case.structures)).assign(case=case.name))
    if not cases:
        raise InputError(f"{segmentations}: no <case>_seg.nii.gz of a case in {dataset_dir}; segment its scans first.")
    structures, by_name = cases[0].structures, {case.name: case for case in cases}
    table = pd.concat(tables, ignore_index=True)
    output.mkdir(parents=True, exist_ok=True)
    largest = table.groupby(["case", "class"])["label_pixels"].transform("max")
    whole = table[table["label_pixels"] >= (_LARGE * largest).clip(lower=1)]
    worst = whole.loc[whole.groupby(["class", "case"])["dice"].idxmin()].sort_values("dice")
    confusion: Any = sum(
        np.bincount(
            case.label.ravel().astype(int) * len(structures) + case.found.ravel(), minlength=len(structures) ** 2
        )
        for case in cases
    )
    confusion = confusion.reshape(len(structures), -1)
    sections = []
    for index in np.unique(worst["class"]):
        chosen = worst[worst["class"] == index].head(count)
        picture = output / f"{index:02}.png"
        _save(picture, [(by_name[row["case"]], int(row["slice"]), row["dice"]) for _, row in chosen.iterrows()], index)
        name, told = escape(structures[index].name), escape(_called(confusion, index, structures))
        sections.append(f'<h2>{name}</h2><p>{told}</p><img src="{picture.name}" alt="worst slices of {name}">')
    named = table.assign(structure=[structures[index].name for index in table["class"]])
    columns = ["case", "structure", "slice", "dice", "label_pixels"]
    atomic_write(output / "slices.csv", lambda file: named[columns].round(4).to_csv(file, index=False))
    style = "body { font-family: sans-serif; max-width: 60em; margin: auto } img { max-width: 100% }"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Worst slices</title><style>{style}</style>'
    text = f"{head}<h1>Worst slices of {len(cases)} scans</h1>{''.join(sections)}</html>\n"
    page = output / "index.html"
    atomic_write(page, lambda file: file.write_text(text, encoding="utf-8"))
    return page
