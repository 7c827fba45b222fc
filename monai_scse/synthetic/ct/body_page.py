"""A page with a coronal and an axial slice of every body: its labels above, a CT drawn from them below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .rendering import render_ct
from .structures import STRUCTURE_INDEX, SYNTHETIC_STRUCTURES

__all__ = ["draw_panels", "save_page"]

BodyPanels = tuple[str, list[np.ndarray], list[np.ndarray]]  # name, two slices of labels, two of Hounsfield units
_PER_ROW = 6
_WINDOW = (-200, 300)
_COLOURS = {
    "background": (0, 0, 0),
    "muscle": (0.5, 0.2, 0.2),
    "visceral fat": (0.95, 0.9, 0.65),
    "subcutaneous fat": (0.85, 0.8, 0.5),
    "bone": (1, 1, 1),
    "gas": (0.1, 0.1, 0.3),
    "liver": (0.8, 0.4, 0.2),
    "spleen": (0.6, 0.2, 0.7),
    "right kidney": (0.2, 0.6, 0.9),
    "left kidney": (0.1, 0.4, 0.8),
    "right lung": (0.4, 0.5, 0.6),
    "left lung": (0.4, 0.5, 0.6),
    "right psoas major": (0.3, 0.8, 0.3),
    "left psoas major": (0.1, 0.5, 0.2),
    "aorta": (1, 0, 0),
    "urinary bladder": (1, 1, 0),
}


def draw_panels(name: str, structures: np.ndarray, spacing: float, seed: int) -> BodyPanels:
    """The slices of a body through the middle of its kidneys.

    Args:
        name: is printed above.
        structures: indices of :data:`.structures.SYNTHETIC_STRUCTURES`, axes to the right, front and head.
        spacing: voxel size in mm.
        seed: of the CT.
    """
    labels = structures
    image = render_ct(np.random.default_rng(seed), labels, np.full(3, spacing))
    kidneys = np.argwhere(np.isin(labels, [STRUCTURE_INDEX["right kidney"], STRUCTURE_INDEX["left kidney"]]))
    _, coronal, axial = kidneys.mean(axis=0).astype(int)
    coronal = min(coronal + int(16 / spacing), labels.shape[1] - 1)  # in front of the kidneys' middle
    slices = [[volume[::-1, coronal].T, volume[::-1, :, axial].T] for volume in (labels, image)]
    return name, [part.copy() for part in slices[0]], [part.copy() for part in slices[1]]


def save_page(bodies: Sequence[BodyPanels], file: str | Path) -> None:
    """Write the page as PNG.

    Args:
        bodies: see :func:`draw_panels`.
        file: receives it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    colours = np.random.default_rng(5).uniform(0.3, 1, (len(SYNTHETIC_STRUCTURES), 3))
    for name, colour in _COLOURS.items():
        colours[STRUCTURE_INDEX[name]] = colour
    rows = -(-len(bodies) // _PER_ROW)
    figure = Figure(figsize=(_PER_ROW * 4.0, rows * 4.0), facecolor="black")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 * rows, 2 * _PER_ROW, squeeze=False)
    for panel in axes.ravel():
        panel.axis("off")
    looks = (
        {"cmap": ListedColormap(colours), "vmin": -0.5, "vmax": len(colours) - 0.5, "interpolation": "nearest"},
        {"cmap": "gray", "vmin": _WINDOW[0], "vmax": _WINDOW[1]},
    )
    for index, (name, *parts) in enumerate(bodies):
        row, column = 2 * (index // _PER_ROW), 2 * (index % _PER_ROW)
        axes[row, column].set_title(name, color="white", fontsize=9)
        for down, (slices, look) in enumerate(zip(parts, looks)):
            for across, plane in enumerate(slices):
                axes[row + down, column + across].imshow(plane, origin="lower", **look)
    figure.tight_layout(pad=0.3)
    figure.savefig(file, dpi=60, facecolor="black")
