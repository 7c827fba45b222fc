"""The paper's boxplot, and training curves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from monai_scse.runtime import atomic_write

from .combinations import ARCHITECTURES, RECALIBRATIONS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["save_boxplot", "save_training_curves"]

_COLOURS = {"none": "#9e9e9e", "cse": "#4c9be8", "sse": "#f2a541", "scse": "#4caf6e", "scse_max": "#2e7d4f"}


def _save(figure: Figure, path: Path) -> None:
    atomic_write(path, lambda unfinished: figure.savefig(unfinished, dpi=100, format="png"))


def save_boxplot(path: Path, dice: pd.DataFrame, architecture: str) -> None:
    """Save the Dice of the structures of the left side and of the midline, a box for each recalibration.

    A box holds the test subjects (seeds averaged): quartiles, whiskers to 1.5 times the box, the others as points.

    Args:
        path: the PNG file.
        dice: columns architecture, recal, case, structure, dice.
        architecture: which network.
    """
    from matplotlib.figure import Figure

    chosen = dice[(dice["architecture"] == architecture) & ~dice["structure"].str.startswith("right ")]
    averaged = chosen.groupby(["recal", "structure", "case"], sort=False)["dice"].mean().sort_index()
    structures = list(dict.fromkeys(chosen["structure"]))
    recals = [recal for recal in RECALIBRATIONS if recal in set(chosen["recal"])]
    width = 0.8 / len(recals)
    figure = Figure(figsize=(13, 5), layout="constrained")
    axes = figure.subplots()
    for number, recal in enumerate(recals):
        boxes = axes.boxplot(
            [averaged[recal, structure].dropna().to_numpy() for structure in structures],
            positions=[i + (number - (len(recals) - 1) / 2) * width for i in range(len(structures))],
            widths=0.85 * width,
            patch_artist=True,
            manage_ticks=False,
            medianprops={"color": "black"},
            flierprops={"markersize": 3},
        )
        for box in boxes["boxes"]:
            box.set_facecolor(_COLOURS[recal])
        boxes["boxes"][0].set_label(RECALIBRATIONS[recal])
    axes.set_xticks(range(len(structures)), structures, rotation=40, ha="right")
    axes.set_ylabel("Dice")
    axes.set_title(f"{ARCHITECTURES[architecture]}, {chosen['case'].nunique()} test subjects")
    axes.grid(axis="y", alpha=0.4)
    axes.legend(loc="lower left", ncols=len(recals))
    _save(figure, path)


def save_training_curves(path: Path, training: pd.DataFrame) -> None:
    """Save training loss and, where there is one, validation Dice of every epoch: the mean of the runs and their range.

    Args:
        path: the PNG file.
        training: columns architecture, recal, measure, epoch, value.
    """
    from matplotlib.figure import Figure

    measures = list(dict.fromkeys(training["measure"]))
    architectures = [each for each in ARCHITECTURES if each in set(training["architecture"])]
    figure = Figure(figsize=(5 * len(architectures), 3.6 * len(measures)), layout="constrained")
    grid = figure.subplots(len(measures), len(architectures), squeeze=False)
    for measure, row in zip(measures, grid):
        for architecture, axes in zip(architectures, row):
            of_both = training[(training["measure"] == measure) & (training["architecture"] == architecture)]
            for recal, runs in of_both.groupby("recal"):
                epochs = runs.groupby("epoch")["value"].agg(["mean", "min", "max"])
                axes.plot(epochs.index, epochs["mean"], color=_COLOURS[recal], label=RECALIBRATIONS[recal])
                axes.fill_between(epochs.index, epochs["min"], epochs["max"], color=_COLOURS[recal], alpha=0.2)
            axes.set_title(ARCHITECTURES[architecture])
            axes.set_xlabel("epoch")
            axes.set_ylabel(measure)
            axes.grid(alpha=0.4)
            if measure == "training loss":
                axes.set_yscale("log")
            axes.legend()
    _save(figure, path)
