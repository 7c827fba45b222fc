"""Hand-drawn organs: borders become smooth from slice to slice, volumes stay, bad label maps are refused in a line."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_scse.runtime import InputError
from monai_scse.synthetic.ct.drawings import DRAWN_ORGANS, load_drawing
from monai_scse.synthetic.ct.structures import STRUCTURE_INDEX

NUMBER = {name: number for number, name in DRAWN_ORGANS.items()}
STEP = np.array([2.0, 2.0, 6.0])  # mm


def drawn(jagged: int = 0) -> np.ndarray:
    """Boxes at the places of organs in (60, 40, 20) voxels; the liver's front jumps from slice to slice."""
    labels = np.zeros((60, 40, 20), np.uint8)
    for index in range(4, 16):
        labels[36:54, 12 : 28 + jagged * (-1) ** index, index] = NUMBER["liver"]
    labels[4:14, 8:20, 8:15] = NUMBER["spleen"]
    labels[38:46, 4:10, 3:12] = NUMBER["right kidney"]
    labels[16:24, 4:10, 4:13] = NUMBER["left kidney"]
    labels[26:34, 10:18, 2:20] = NUMBER["aorta"]
    return labels


def save(labels: np.ndarray, file: Path, flips: tuple[int, int, int] = (1, 1, 1)) -> Path:
    affine = np.diag([*(STEP * flips), 1])
    affine[:3, 3] = (-50, 20, -700)
    nibabel.save(nibabel.Nifti1Image(labels, affine), file)
    return file


def test_jagged_borders_are_smoothed_and_volumes_stay(tmp_path):
    file = save(drawn(jagged=2), tmp_path / "jagged.nii.gz")
    drawing = load_drawing(file, spacing=2.0)
    across = drawing.organs.shape[0] * 3 // 4  # within the liver
    smooth, rough = ((part[across] == STRUCTURE_INDEX["liver"]).sum(axis=0) for part in (drawing.organs, drawing.raw))
    inner = np.flatnonzero(smooth)[6:-6]  # without the rounded ends
    assert np.ptp(rough[inner]) == 4  # voxels from front to front
    assert np.ptp(smooth[inner]) <= 2
    volumes = [(drawing.organs == STRUCTURE_INDEX[name]).sum() * 0.008 for name in ("liver", "spleen")]
    expected = [(drawn(jagged=2) == NUMBER[name]).sum() * 0.024 for name in ("liver", "spleen")]
    np.testing.assert_allclose(volumes, expected, rtol=0.08)  # of a box many voxels have the same depth


def test_organs_stay_where_they_were_drawn(tmp_path):
    labels = drawn()
    file = save(labels, tmp_path / "a.nii.gz")
    drawing = load_drawing(file, spacing=3.0)
    for name in ("liver", "spleen", "aorta"):
        places = np.argwhere(labels == NUMBER[name]).mean(axis=0) * STEP + (-50, 20, -700)
        found = np.argwhere(drawing.organs == STRUCTURE_INDEX[name]).mean(axis=0) * 3.0 + drawing.origin
        np.testing.assert_allclose(found, places, atol=3)  # half a slice
    assert drawing.top == pytest.approx(-700 + 19 * 6)


def test_the_header_says_how_the_axes_run(tmp_path):
    first = load_drawing(save(drawn(), tmp_path / "a.nii.gz"))
    turned = load_drawing(save(drawn()[::-1, ::-1], tmp_path / "b.nii.gz", flips=(-1, -1, 1)))
    np.testing.assert_array_equal(first.organs, turned.organs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labels: np.where(labels == 5, 25, labels), r"other labels than the eight organs \(25\)"),
        (lambda labels: labels * 0, "nothing is labelled"),
        (lambda labels: np.where(labels == 5, 0, labels), r"no liver \(label 5\)"),
        (lambda labels: np.where(labels == 7, 0, labels), r"no aorta \(label 7\)"),
        (lambda labels: labels[::-1], "right and left are exchanged"),
        (lambda labels: labels.astype(np.float32) + 0.5, "other labels"),
    ],
)
def test_bad_label_maps_are_refused_in_one_line(tmp_path, change, message):
    file = save(change(drawn()), tmp_path / "bad.nii.gz")
    with pytest.raises(InputError, match=message) as raised:
        load_drawing(file)
    assert "bad.nii.gz" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"missing\.nii\.gz"):
        load_drawing(tmp_path / "missing.nii.gz")
    (tmp_path / "text.nii.gz").write_text("no scan")
    with pytest.raises(InputError, match="cannot be read as a label map"):
        load_drawing(tmp_path / "text.nii.gz")
