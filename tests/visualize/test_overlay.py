"""The overlay picture and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.labels import Structure
from monai_scse.visualize import save_overlay

# scanned with the first axis pointing to the patient's left
LEFT_FIRST = np.diag([-1.0, 1.0, 1.0, 1.0])


def _colour_positions(path, colour) -> np.ndarray:
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return np.argwhere(np.abs(pixels - colour).sum(axis=2) < 12)


def test_right_of_the_patient_is_on_the_left_of_coronal_and_axial_slices(tmp_path):
    classes = np.zeros((20, 20, 20), dtype=np.uint8)
    classes[2:8, 5:15, 5:15] = 1
    classes[12:18, 5:15, 5:15] = 2
    structures = [Structure("background", (0, 0, 0)), Structure("one", (255, 0, 0)), Structure("two", (0, 255, 0))]
    file = tmp_path / "overlay.png"
    # voxel 2:8 of an axis that points left is the patient's right
    save_overlay(file, np.ones(classes.shape), classes, LEFT_FIRST, structures, slices_per_plane=1, opacity=1.0)
    height, width = np.asarray(Image.open(file)).shape[:2]
    for row in (1, 2):  # coronal, axial
        columns = {}
        for name, colour in (("right", (255, 0, 0)), ("left", (0, 255, 0))):
            found = _colour_positions(file, colour)
            in_row = (found[:, 0] * 3 // height == row) & (found[:, 1] < width * 0.5)
            columns[name] = found[in_row, 1].mean()
        assert columns["right"] < columns["left"]


def test_scan_of_a_few_slices_makes_a_low_picture(tmp_path):
    sizes = {}
    for slices in (40, 4):
        scan = np.zeros((40, 40, slices))
        save_overlay(tmp_path / "overlay.png", scan, scan, np.eye(4), BRAIN_STRUCTURES)
        sizes[slices] = Image.open(tmp_path / "overlay.png").size
    assert sizes[4][0] == sizes[40][0]
    assert sizes[4][1] < 0.65 * sizes[40][1]


@pytest.fixture
def legend_of(monkeypatch, tmp_path) -> Callable[[np.ndarray, Sequence[Structure]], list[str]]:
    """The words of the legend that a picture shows."""
    shown: list[str] = []
    legend = Figure.legend

    def recorded(self, *args, **options):
        result = legend(self, *args, **options)
        shown.extend(text.get_text() for text in result.get_texts())
        return result

    def words(classes: np.ndarray, structures: Sequence[Structure]) -> list[str]:
        volume = np.broadcast_to(classes.astype(np.uint8), (8, 8, len(classes)))
        save_overlay(tmp_path / "overlay.png", volume, volume, np.eye(4), structures)
        return shown

    monkeypatch.setattr(Figure, "legend", recorded)
    return words


def test_legend_joins_left_and_right_of_one_colour(legend_of):
    names = [structure.name for structure in BRAIN_STRUCTURES]
    present = np.array([0, names.index("left amygdala"), names.index("right amygdala"), names.index("brainstem")])
    assert legend_of(present, BRAIN_STRUCTURES) == ["brainstem", "amygdala"]


def test_legend_keeps_sides_of_different_colours_apart(legend_of):
    structures = [
        Structure("background", (0, 0, 0)),
        Structure("left lung", (1, 2, 3)),
        Structure("right lung", (4, 5, 6)),
    ]
    assert legend_of(np.array([0, 1, 2]), structures) == ["left lung", "right lung"]


def test_empty_segmentation_still_makes_a_picture(tmp_path):
    file = tmp_path / "overlay.png"
    save_overlay(file, np.zeros((8, 9, 10)), np.zeros((8, 9, 10)), np.eye(4), BRAIN_STRUCTURES)
    assert Image.open(file).size[0] > 500
