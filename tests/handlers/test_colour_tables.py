"""Colour tables, read as their programs read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.handlers import ColourTables
from monai_scse.labels import organ_table, output_numbers

ORGANS = organ_table([{"name": "right kidney", "colour": [250, 200, 60]}, {"name": "liver", "colour": [221, 130, 101]}])
NUMBERS = output_numbers("freesurfer", BRAIN_STRUCTURES)


@pytest.fixture
def brain(tmp_path: Path) -> Path:
    ColourTables(str(tmp_path), BRAIN_STRUCTURES, NUMBERS).save(None)
    return tmp_path / "colour_tables"


@pytest.fixture
def body(tmp_path: Path) -> Path:
    ColourTables(str(tmp_path), ORGANS).save(None)
    return tmp_path / "colour_tables"


def read_freesurfer(file: Path) -> dict[int, tuple[str, tuple[int, ...]]]:
    """Number, name without blanks, red, green, blue and 255 - opacity in each line that is no comment."""
    rows = [line.split() for line in file.read_text().splitlines() if line and not line.startswith("#")]
    assert all(len(row) == 6 for row in rows)
    return {int(number): (name, tuple(map(int, colour))) for number, name, *colour in rows}


def read_itk_snap(file: Path) -> dict[int, tuple[str, tuple[float, ...]]]:
    """Number, red, green, blue, opacity, two flags and a name in quotes."""
    rows = {}
    for line in file.read_text().splitlines():
        if not line.startswith("#"):
            *words, name = re.fullmatch(
                r'\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+([\d.]+)\s+([01])\s+([01])\s+"(.*)"', line
            ).groups()
            rows[int(words[0])] = name, tuple(map(float, words[1:]))
    return rows


def read_slicer(file: Path) -> dict[int, tuple[str, tuple[int, ...]]]:
    """A title by which the program knows the file, then number, name without blanks, red, green, blue and opacity."""
    title, *lines = file.read_text().splitlines()
    assert title.startswith("# Color table file")
    rows = [line.split() for line in lines if not line.startswith("#")]
    return {int(number): (name, tuple(map(int, colour))) for number, name, *colour in rows}


def test_freesurfer(brain: Path) -> None:
    table = read_freesurfer(brain / "freesurfer_lut.txt")
    assert list(table) == sorted(NUMBERS)
    assert table[0] == ("Unknown", (0, 0, 0, 0))
    assert table[3] == ("Left-Cerebral-Cortex", (205, 62, 78, 0))
    assert table[60] == ("Right-VentralDC", (165, 42, 42, 0))


def test_itk_snap(brain: Path) -> None:
    table = read_itk_snap(brain / "itksnap_labels.txt")
    assert list(table) == sorted(NUMBERS)
    assert table[0] == ("Clear Label", (0, 0, 0, 0, 0, 0))
    assert table[49] == ("right thalamus", (0, 118, 14, 1, 1, 1))


def test_slicer(brain: Path) -> None:
    table = read_slicer(brain / "slicer.ctbl")
    assert list(table) == sorted(NUMBERS)
    assert table[0] == ("background", (0, 0, 0, 0))
    assert table[28] == ("left_ventral_DC", (165, 42, 42, 255))


def test_organs_have_their_class_indices(body: Path) -> None:
    assert read_freesurfer(body / "freesurfer_lut.txt")[1] == ("right-kidney", (250, 200, 60, 0))
    assert read_itk_snap(body / "itksnap_labels.txt")[2] == ("liver", (221, 130, 101, 1, 1, 1))
    assert read_slicer(body / "slicer.ctbl")[1] == ("right_kidney", (250, 200, 60, 255))


@pytest.mark.parametrize("name", ["freesurfer_lut.txt", "itksnap_labels.txt", "slicer.ctbl"])
def test_every_colour_is_that_of_the_structure(brain: Path, name: str) -> None:
    read = {"freesurfer_lut.txt": read_freesurfer, "itksnap_labels.txt": read_itk_snap, "slicer.ctbl": read_slicer}
    table = read[name](brain / name)
    assert [table[number][1][:3] for number in NUMBERS] == [structure.colour for structure in BRAIN_STRUCTURES]
