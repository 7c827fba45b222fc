"""Rendering: Hounsfield units of each structure, vessels inside organs, noise of the standard deviation asked for."""

from __future__ import annotations

import numpy as np
import pytest

from monai_scse.data.ct_rendering import STRUCTURE_INDEX, render_ct, smooth_noise

SPACING = np.array([3.0, 3.0, 3.0])


def blocks(*names: str) -> np.ndarray:
    labels = np.zeros((24 * len(names), 24, 24), np.uint8)
    for position, name in enumerate(names):
        labels[24 * position : 24 * position + 24] = STRUCTURE_INDEX[name]
    return labels


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("right lung", -1000, -600), ("visceral fat", -150, -60), ("liver", -20, 190), ("bone", 80, 650)],
)
def test_structures_have_the_hounsfield_units_of_their_tissue(name, low, high):
    for seed in range(5):
        image = render_ct(np.random.default_rng(seed), blocks(name), SPACING)
        assert low < np.median(image) < high
        assert image.dtype == np.int16


def test_contrast_phase_lights_up_vessels_and_kidneys_together():
    aorta, kidney = [], []
    for seed in range(20):
        image = render_ct(np.random.default_rng(seed), blocks("aorta", "muscle", "right kidney"), SPACING)
        aorta.append(np.median(image[4:20]))
        kidney.append(np.median(image[52:68]))
    plain = np.array(aorta) < 90
    assert 0 < plain.sum() < len(plain)
    assert np.mean(np.array(kidney)[~plain]) > np.mean(np.array(kidney)[plain]) + 50


def test_texture_of_a_real_scan_is_kept():
    labels = blocks("muscle")
    texture = np.zeros(labels.shape, np.float32)
    texture[12:] = 100
    image = render_ct(np.random.default_rng(0), labels, SPACING, texture)
    assert 80 < image[16:].mean() - image[:8].mean() < 120


def test_smooth_noise_has_unit_deviation_and_no_jumps():
    noise = smooth_noise(np.random.default_rng(0), (80, 60, 50), np.array([8.0, 8, 8]))
    assert noise.shape == (80, 60, 50)
    assert 0.7 < noise.std() < 1.3
    assert np.abs(np.diff(noise, axis=0)).max() < 1
