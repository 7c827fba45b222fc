"""A picture of where the spatial gates of a network are open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..runtime import atomic_write
from ..runtime.arguments import check_choice, check_text, check_whole
from .orientation import EDGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["save_gate_maps"]


def _check(image: np.ndarray, maps: Mapping[str, np.ndarray], plane: str) -> None:
    check_choice("plane", plane, EDGES)
    if not maps:
        raise ValueError("maps must hold at least one map, got none.")
    for name, array in {"image": image, **maps}.items():
        if np.ndim(array) != 2:
            raise ValueError(f"image and maps must be 2D, (width, height), got {name!r} of shape {np.shape(array)}.")


def _draw_scan(panel: Axes, image: np.ndarray, plane: str, low: float, high: float) -> None:
    width, height = image.shape
    extent = (0, width, 0, height)
    panel.imshow(image.T, cmap="gray", origin="lower", vmin=low, vmax=max(high, low + 1e-6), extent=extent)
    panel.set_title(f"{plane} slice, {width} x {height}", color="white", fontsize=11)
    for x, letter in zip((0.03, 0.97), EDGES[plane]):
        panel.text(x, 0.5, letter, color="white", fontsize=11, ha="center", transform=panel.transAxes)
    panel.set_axis_off()


def _draw_map(panel: Axes, image: np.ndarray, name: str, gates: np.ndarray, level: float | None) -> Any:
    """Draw gates with the outline of the image at a level. Returns what a colour bar needs."""
    extent = (0, image.shape[0], 0, image.shape[1])
    colours = panel.imshow(
        gates.T, cmap="inferno", origin="lower", vmin=0, vmax=1, extent=extent, interpolation="nearest"
    )
    if level is not None:
        panel.contour(image.T, levels=[level], colors="deepskyblue", linewidths=0.6, extent=extent)
    panel.set_title(f"{name}, {gates.shape[0]} x {gates.shape[1]}", color="white", fontsize=11)
    panel.set_axis_off()
    return colours


def save_gate_maps(
    path: str | Path,
    image: np.ndarray,
    maps: Mapping[str, np.ndarray],
    plane: str = "coronal",
    columns: int = 4,
    title: str = "",
) -> None:
    """Save a PNG of a slice and of gate maps with its outline, in colours from 0 (closed) to 1 (open).

    The orientation is that of :func:`save_overlay`: the patient's right is on the left, in a sagittal slice the front.

    Args:
        path: the PNG file.
        image: the slice, (width, height), in RAS. The first axis points right, in a sagittal slice to the front. The
            second points up, in an axial slice to the front.
        maps: gates between 0 and 1 by the title of their panel, in the order of the panels, row by row. Each covers the
            slice with (width, height) cells of its own, as many as its block sees.
        plane: ``"sagittal"``, ``"coronal"`` or ``"axial"``.
        columns: number of maps in a row.
        title: written above the picture.

    Raises:
        ValueError: when the plane is unknown, there are no maps, or the slice or a map is not 2D.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    _check(image, maps, plane)
    check_whole("columns", columns, 1, 20)
    check_text("title", title)
    rows = -(-len(maps) // columns)
    image = image[::-1]
    width, height = image.shape
    panel_width, panel_height = 2.4, 2.4 * height / width  # inches
    figure = Figure(
        figsize=(panel_width * (rows + columns) + 1, (panel_height + 0.3) * rows + 0.4),
        facecolor="black",
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(rows, 1 + columns, width_ratios=[rows] + [1] * columns)

    low, high = np.percentile(image, (0.5, 99.8))
    outline = low + 0.15 * (high - low)
    level = outline if low < outline < high else None
    _draw_scan(figure.add_subplot(grid[:, 0]), image, plane, low, high)
    panels = [figure.add_subplot(grid[i // columns, 1 + i % columns]) for i in range(len(maps))]
    for panel, (name, gates) in zip(panels, maps.items()):
        colours = _draw_map(panel, image, name, gates[::-1], level)
    bar = figure.colorbar(colours, ax=panels, fraction=0.03, pad=0.02)
    bar.set_label("gate: 0 closed, 1 open", color="white", fontsize=11)
    bar.ax.tick_params(colors="white")
    figure.suptitle(title, color="white", fontsize=13)
    atomic_write(path, lambda file: figure.savefig(file, dpi=100, facecolor="black", format="png"))
