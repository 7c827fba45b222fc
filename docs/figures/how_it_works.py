"""Draw the figures of docs/how_it_works.md: the three blocks, and where they go in a network.

python docs/figures/how_it_works.py [--output_dir docs]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

CHANNEL, SPACE, PLAIN, INK = "#1b6ca8", "#c8553d", "#8a929b", "#20262d"
FAINT = {CHANNEL: "#d8e8f4", SPACE: "#f8e0da", PLAIN: "#e9ecef"}


def _box(
    axes: Axes, x: float, y: float, text: str, colour: str = PLAIN, width: float = 2.0, height: float = 0.8
) -> None:
    corner = (x - width / 2, y - height / 2)
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, fc=FAINT[colour], ec=colour, lw=1.4))
    axes.text(x, y, text, ha="center", va="center", color=INK)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color=INK))


def _maps(axes: Axes, x: float, y: float, shades: list[str], heat: bool = False) -> None:
    """A stack of feature maps, the first in front. With heat, its positions differ in shade."""
    for depth, shade in reversed(list(enumerate(shades))):
        corner = (x - 0.5 + 0.14 * depth, y - 0.5 + 0.14 * depth)
        axes.add_patch(Rectangle(corner, 0.9, 0.9, fc=shade, ec=INK, lw=0.8))
    if heat:
        for row in range(3):
            for column in range(3):
                opacity = 0.9 if (row, column) in ((1, 1), (1, 2), (2, 1)) else 0.2
                corner = (x - 0.5 + 0.3 * column, y - 0.5 + 0.3 * row)
                axes.add_patch(Rectangle(corner, 0.3, 0.3, fc=SPACE, alpha=opacity, lw=0))


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(width * 0.62, height * 0.62), facecolor="white")
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    return figure, axes


def draw_blocks() -> Figure:
    """What the blocks compute."""
    figure, axes = _canvas(13, 10.2)
    grey, blues, reds = ["#cfd5db"] * 4, ["#0f4c7a", "#a9cbe4", "#1b6ca8", "#d8e8f4"], ["#f8e0da"] * 4
    axes.text(0.3, 9.75, "cSE: one gate for each channel", color=CHANNEL, weight="bold", fontsize=12)
    _maps(axes, 1, 8.5, grey)
    _box(axes, 3.6, 8.5, "mean\nover space", CHANNEL, 1.9, 1.1)
    _box(axes, 6.3, 8.5, "C to C/2\nReLU", CHANNEL, 1.9, 1.1)
    _box(axes, 9.0, 8.5, "C/2 to C\nsigmoid", CHANNEL, 1.9, 1.1)
    _maps(axes, 11.5, 8.5, blues)
    for start, end in ((2, 2.6), (4.6, 5.3), (7.3, 8.0), (10, 10.9)):
        _arrow(axes, (start, 8.5), (end, 8.5))
    axes.text(0.3, 6.7, "sSE: one gate for each position", color=SPACE, weight="bold", fontsize=12)
    _maps(axes, 1, 5.4, grey)
    _box(axes, 4.9, 5.4, "1x1 convolution\nC to 1", SPACE, 2.7, 1.1)
    _box(axes, 8.6, 5.4, "sigmoid", SPACE, 1.9, 1.1)
    _maps(axes, 11.5, 5.4, reds, heat=True)
    for start, end in ((2, 3.5), (6.3, 7.6), (9.6, 10.9)):
        _arrow(axes, (start, 5.4), (end, 5.4))
    axes.text(0.3, 3.6, "scSE: both, side by side, and their sum", color=INK, weight="bold", fontsize=12)
    _maps(axes, 1, 1.7, grey)
    _box(axes, 5, 2.5, "cSE", CHANNEL, 2.4, 0.9)
    _box(axes, 5, 0.9, "sSE", SPACE, 2.4, 0.9)
    _box(axes, 8.6, 1.7, "sum", PLAIN, 1.7, 0.9)
    _maps(axes, 11.5, 1.7, blues, heat=True)
    for start, end in (((2, 1.9), (3.8, 2.5)), ((2, 1.6), (3.8, 0.9)), ((6.2, 2.5), (7.7, 1.9))):
        _arrow(axes, start, end)
    _arrow(axes, (6.2, 0.9), (7.7, 1.5))
    _arrow(axes, (9.45, 1.7), (10.9, 1.7))
    return figure


def draw_network() -> Figure:
    """Where the blocks go in a network of four levels."""
    figure, axes = _canvas(13, 8.6)
    for level in range(4):
        y, shift = 7.6 - 1.7 * level, 0.45 * level
        for x, side in ((1.7 + shift, "encoder"), (9.0 - shift, "decoder")):
            if level == 0:
                axes.text(x + 1.1, 8.3, side, ha="center", color=INK, weight="bold")
            _box(axes, x, y, "block", PLAIN, 1.4)
            _box(axes, x + 1.8, y, "scSE", CHANNEL, 1.4)
            _arrow(axes, (x + 0.7, y), (x + 1.1, y))
        _arrow(axes, (4.2 + shift, y), (8.3 - shift, y))
        if level < 3:
            _arrow(axes, (3.5 + shift, y - 0.4), (2.15 + shift, y - 1.3))
            _arrow(axes, (10.35 - shift, y - 1.3), (9.0 - shift, y - 0.4))
    _box(axes, 6.45, 0.7, "bottleneck, no block", PLAIN, 3.4)
    _arrow(axes, (4.85, 2.1), (5.2, 1.1))
    _arrow(axes, (7.3, 1.1), (7.65, 2.1))
    _box(axes, 12.3, 7.6, "1x1", PLAIN, 0.9)
    _arrow(axes, (11.5, 7.6), (11.85, 7.6))
    return figure


def main() -> None:
    """Write both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, default=Path(__file__).parents[1])
    folder = parser.parse_args().output_dir
    mpl.rcParams.update({"font.size": 11, "svg.hashsalt": "monai_scse"})
    for name, figure in (("scse_blocks", draw_blocks()), ("scse_network", draw_network())):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main()
