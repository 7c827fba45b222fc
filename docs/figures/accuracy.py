"""Draw the figures of docs/accuracy.md: Dice by age and by structure, on the official test scans of MALC 2012.

python docs/figures/accuracy.py [--output_dir docs]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

RESULTS = Path(__file__).parents[2] / "results"
RUNS = {"three_views": ("three views", "#1b6ca8"), "single_network": ("single network", "#c8553d")}


def read_scores() -> pd.DataFrame:
    """Dice of every structure, case and run, with the age of the case."""
    tables = [pd.read_csv(RESULTS / "malc2012_test_scans" / run / "metrics.csv").assign(run=run) for run in RUNS]
    ages = pd.read_csv(RESULTS / "malc2012_volumes/persons.csv").set_index("case")["age"]
    return pd.concat(tables, ignore_index=True).join(ages, on="case")


def draw_ages(scores: pd.DataFrame) -> Figure:
    """A point for each scan: the mean over its structures."""
    figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    for run, (title, colour) in RUNS.items():
        means = scores[scores["run"] == run].groupby("age")["dice"].mean()
        axes.plot(means.index, means, "o-", color=colour, label=title, linewidth=1)
    axes.set(xlabel="age of the person", ylabel="mean Dice", ylim=(0.8, 0.95))
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="lower left", frameon=False)
    return figure


def draw_structures(scores: pd.DataFrame) -> Figure:
    """Each structure, left and right together: all scans as points, and their mean."""
    kind = scores["structure"].str.replace(r"^(left|right) ", "", regex=True)
    scores = scores.assign(kind=kind)[scores["run"] == "single_network"]
    order = scores.groupby("kind")["dice"].mean().sort_values().index
    figure, axes = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    for row, name in enumerate(order):
        dice = scores.loc[scores["kind"] == name, "dice"]
        axes.plot(dice, [row] * len(dice), "o", color=RUNS["single_network"][1], alpha=0.35, markersize=4)
        axes.plot(dice.mean(), row, "|", color="black", markersize=13, markeredgewidth=2)
    axes.set_yticks(range(len(order)), order)
    axes.set(xlabel="Dice", xlim=(0.55, 1))
    axes.grid(axis="x", alpha=0.3)
    return figure


def main() -> None:
    """Write both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, default=Path(__file__).parents[1])
    folder = parser.parse_args().output_dir
    mpl.rcParams.update({"font.size": 11, "svg.hashsalt": "monai_scse"})
    scores = read_scores()
    for name, figure in (("dice_by_age", draw_ages(scores)), ("dice_by_structure", draw_structures(scores))):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main()
