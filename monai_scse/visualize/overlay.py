"""A picture of a segmentation over its scan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..labels import Structure
from ..metrics import class_sizes
from ..runtime import atomic_write
from ..runtime.arguments import check_number, check_range, check_text, check_whole
from .orientation import EDGES, PLANES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["display_window", "save_overlay"]

_PANEL, _LEGEND = 3.2, 2.8  # width in inches


def display_window(image: np.ndarray) -> tuple[float, float]:
    """The values of a scan that pictures show as black and as white: its 0.5th and its 99.8th percentile.

    Args:
        image: the scan, (x, y, z).
    """
    low, high = np.percentile(image[::2, ::2, ::2], (0.5, 99.8))  # it copies
    return float(low), float(high)


def _to_las(volume: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voxels with axes to the left, front and head, and their size in mm."""
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.Nifti1Image(volume, affine))
    return np.asarray(image.dataobj)[::-1], np.asarray(image.header.get_zooms()[:3], dtype=float)


def _slice_positions(classes: np.ndarray, axis: int, count: int) -> list[int]:
    present = np.flatnonzero(classes.any(axis=tuple(other for other in range(3) if other != axis)))
    first, last = (present[0], present[-1]) if present.size else (0, classes.shape[axis] - 1)
    return [round(first + (last - first) * (i + 1) / (count + 1)) for i in range(count)]


def _legend(classes: np.ndarray, structures: Sequence[Structure]) -> dict[str, tuple[int, int, int]]:
    """Name and colour of the structures that are present. A left and right pair of one colour is one entry."""
    colours = {structure.name: structure.colour for structure in structures}
    entries = {}
    for index in (np.flatnonzero(class_sizes(classes, len(structures))[1:]) + 1).tolist():
        name = structures[index].name
        pair = name.removeprefix("left ").removeprefix("right ")
        same_colour = name != pair and colours.get(f"left {pair}") == colours.get(f"right {pair}")
        entries[pair if same_colour else name] = colours[name]
    return entries


def _row_heights(shape: Sequence[int], zooms: np.ndarray) -> list[float]:
    """Heights in inches of the rows of panels, one row a plane. A scan of a few slices makes flat rows."""
    extents = [np.delete(np.multiply(shape, zooms), axis) for axis in PLANES.values()]
    return [_PANEL * float(np.clip(height / width, 0.15, 1)) for width, height in extents]


def _blend(grey: np.ndarray, classes: np.ndarray, colours: np.ndarray, opacity: float) -> np.ndarray:
    """A slice (rows, columns) with the colours of its classes laid over it, uint8, (rows, columns, 3)."""
    alpha = opacity * (classes > 0)[..., None]
    blended = np.repeat(grey[..., None].clip(0, 1), 3, axis=2) * (1 - alpha) + colours[classes] * alpha
    return (255 * blended).astype(np.uint8)  # as matplotlib shows them, in an eighth of the memory


def _draw_slice(panel: Axes, picture: np.ndarray, plane: str, aspect: float) -> None:
    picture = picture[:, ::-1] if plane == "sagittal" else picture
    panel.imshow(picture, origin="lower", aspect=aspect, interpolation="nearest")
    panel.set_axis_off()
    for x, letter in zip((0.03, 0.97), EDGES[plane]):
        panel.text(x, 0.5, letter, color="white", fontsize=9, ha="center", transform=panel.transAxes)


def _draw_legend(figure: Figure, entries: dict[str, tuple[int, int, int]], x: float) -> None:
    from matplotlib.patches import Patch

    if not entries:
        return
    patches = [Patch(facecolor=(r / 255, g / 255, b / 255), label=name) for name, (r, g, b) in entries.items()]
    style: dict[str, Any] = {"fontsize": 11, "frameon": False, "labelcolor": "white"}
    figure.legend(handles=patches, loc="center left", bbox_to_anchor=(x, 0.5), **style)


def save_overlay(
    path: str | Path,
    image: np.ndarray,
    classes: np.ndarray,
    affine: np.ndarray,
    structures: Sequence[Structure],
    title: str = "",
    slices_per_plane: int = 3,
    opacity: float = 0.55,
    window: tuple[float, float] | None = None,
) -> None:
    """Save a PNG of sagittal, coronal and axial slices with the segmentation in colour and a legend.

    The slices spread over the segmented part, in the orientation that radiologists use. The patient's right is on the
    left of coronal and axial slices, the front is on the left of sagittal ones.

    ``monai.visualize.blend_images`` is nearest. It colours by a colour map, not by the colours of the structures.

    Args:
        path: the PNG file.
        image: the scan, (x, y, z).
        classes: class indices, same shape.
        affine: voxel to world (RAS, mm) matrix of both, (4, 4).
        structures: names and colours of the classes, index 0 is background.
        title: written above the picture.
        slices_per_plane: number of slices of each plane.
        opacity: opacity of the colours, 0 to 1.
        window: intensities shown as black and as white. None for :func:`display_window`.

    Raises:
        InputError: when an argument is out of its range, or the file cannot be written.
    """
    check_whole("slices_per_plane", slices_per_plane, 1, 20)
    check_number("opacity", opacity, 0, 1)
    check_text("title", title)
    if window is not None:
        check_range("window", window)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    image, zooms = _to_las(image, affine)
    classes, _ = _to_las(classes.astype(np.uint8, copy=False), affine)
    low, high = display_window(image) if window is None else window
    colours = np.array([structure.colour for structure in structures]) / 255

    heights = _row_heights(image.shape, zooms)
    figure = Figure(figsize=(_PANEL * slices_per_plane + _LEGEND, sum(heights) + 0.9), facecolor="black")
    FigureCanvasAgg(figure)
    axes = figure.subplots(3, slices_per_plane, squeeze=False, height_ratios=heights)
    for row, (plane, axis) in zip(axes, PLANES.items()):
        aspect = np.delete(zooms, axis)
        for panel, position in zip(row, _slice_positions(classes, axis, slices_per_plane)):
            # np.take copies the whole volume when its axes are swapped or flipped
            scan, found = (np.moveaxis(volume, axis, 0)[position].T for volume in (image, classes))
            grey = (scan.astype(np.float32) - low) / max(high - low, 1e-6)
            picture = _blend(grey, found, colours, opacity)
            _draw_slice(panel, picture, plane, aspect[1] / aspect[0])
        row[0].set_title(plane, color="white", fontsize=10, loc="left")
    width = _PANEL * slices_per_plane / (_PANEL * slices_per_plane + _LEGEND)
    _draw_legend(figure, _legend(classes, structures), width)
    writable = title.encode(errors="replace").decode()  # the name of a file may hold anything
    figure.suptitle(writable, color="white", fontsize=12, parse_math=False)
    top = 1 - 0.6 / figure.get_figheight()
    figure.subplots_adjust(left=0.01, right=width, bottom=0.01, top=top, wspace=0.02, hspace=0.1)
    atomic_write(path, lambda file: figure.savefig(file, dpi=100, facecolor="black", format="png"))
