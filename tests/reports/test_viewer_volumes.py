"""Copies of volumes for a page: grey levels, place, size."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest

from monai_scse.reports.viewer_volumes import structure_centres, viewer_labels, viewer_scan

AFFINE = np.array([[0, -0.5, 0, 10], [-0.5, 0, 0, 20], [0, 0, 2.0, -30], [0, 0, 0, 1]])  # axes swapped and flipped


def read(packed: bytes) -> nibabel.Nifti1Image:
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(packed))


def test_window_becomes_grey_levels() -> None:
    scan = np.array([-500, -200, 50, 300, 900], dtype=np.float32).reshape(5, 1, 1)
    shown = read(viewer_scan(scan, np.eye(4), (-200, 300), 10**6))
    assert np.asarray(shown.dataobj).ravel().tolist() == [0, 0, 127, 255, 255]
    assert shown.get_data_dtype() == np.uint8


def test_small_scan_keeps_its_grid() -> None:
    shown = read(viewer_scan(np.zeros((12, 9, 7), np.float32), AFFINE, (0, 1), 10**6))
    assert shown.shape == (12, 9, 7)
    np.testing.assert_allclose(shown.affine, AFFINE)


def test_large_scan_is_averaged_over_the_same_space() -> None:
    scan = np.zeros((512, 4, 300), np.float32)
    scan[:, :, :] = np.arange(512)[:, None, None]
    shown = read(viewer_scan(scan, AFFINE, (0, 510), 10**6))
    assert shown.shape == (256, 4, 256)
    expected = ((np.arange(256) * 2 + 0.5) / 2).astype(np.uint8)  # means of two neighbours
    np.testing.assert_array_equal(np.asarray(shown.dataobj)[:, 0, 0], expected)
    for corner, smaller in (((-0.5, -0.5, -0.5), (-0.5, -0.5, -0.5)), ((511.5, 3.5, 299.5), (255.5, 3.5, 255.5))):
        np.testing.assert_allclose(shown.affine @ [*smaller, 1], AFFINE @ [*corner, 1])


def test_noise_becomes_coarser_until_it_fits() -> None:
    noise = np.random.default_rng(0).uniform(0, 1, (140, 140, 140)).astype(np.float32)
    packed = viewer_scan(noise, np.eye(4), (0, 1), 1_500_000)
    assert len(packed) <= 1_500_000
    assert 90 < read(packed).shape[0] < 140


def test_labels_are_those_of_the_nearest_voxel_in_the_same_place() -> None:
    classes = np.zeros((300, 6, 5), np.uint8)
    classes[210:] = 3
    smaller, affine, packed = viewer_labels(classes, AFFINE)
    assert smaller.shape == (256, 6, 5)
    assert np.unique(smaller).tolist() == [0, 3]
    first = np.flatnonzero(smaller[:, 0, 0])[0]
    border = affine @ [first - 0.5, 0, 0, 1]
    np.testing.assert_allclose(border, AFFINE @ [209.5, 0, 0, 1], atol=0.5 * 300 / 256)
    shown = read(packed)
    np.testing.assert_array_equal(np.asarray(shown.dataobj), smaller)
    np.testing.assert_allclose(shown.affine, affine, atol=1e-6)


def test_centre_lies_within_its_structure() -> None:
    classes = np.zeros((21, 21, 5), np.uint8)
    classes[2:19, 2:19, 1:4] = 2
    classes[6:15, 6:19, 1:4] = 0  # a U, whose centre of mass is outside of it
    classes[9:12, 9:12, 2] = 4
    centres = structure_centres(classes, np.diag([1.0, 2.0, 3.0, 1.0]))
    assert centres.keys() == {2, 4}
    assert centres[4] == [10, 20, 6]
    i, j, k = np.divide(centres[2], (1, 2, 3)).astype(int)
    assert classes[i, j, k] == 2
    assert j < 6  # the bottom of the U is nearest


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_flat_scan(value: float) -> None:
    shown = read(viewer_scan(np.full((3, 3, 3), value, np.float32), np.eye(4), (value, value), 10**6))
    assert not np.asarray(shown.dataobj).any()
