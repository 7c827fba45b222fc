"""Rendering: Hounsfield units of each structure, vessels inside organs, noise of the standard deviation asked for."""

from __future__ import annotations

import numpy as np
import pytest

from monai_scse.synthetic.ct.rendering import _streaks, _thick_slices, render_ct
from monai_scse.synthetic.ct.structures import HOUNSFIELD, STRUCTURE_INDEX
from monai_scse.synthetic.fields import smooth_noise

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


@pytest.mark.parametrize(
    ("name", "phase", "published", "tolerance"),
    [
        ("liver", 0, 58.3, 8.9),
        ("left kidney", 0, 30, 5),
        ("left kidney", 1, 30 + (195 + 217) / 2, 25),  # its cortex
        ("left kidney", 2, 30 + 145 + 15, 15),  # medulla and cortex
        ("bowel wall", 1, 119, 5),
        ("bowel wall", 2, 110, 5),
        ("pancreas", 1, (74.2 + 111.2 + 76.7 + 99.9) / 4, 10),  # head and tail, two protocols
        ("pancreas", 2, (70.5 + 84.0 + 67.5 + 77.2) / 4, 10),
        ("spleen", 0, 50, 10),
        ("aorta", 0, (40 + 47.5) / 2, 4),
        ("subcutaneous fat", 0, -106, 17),
        ("visceral fat", 0, -106, 17),
    ],
)
def test_hounsfield_units_are_those_that_were_published(name, phase, published, tolerance):
    assert abs(HOUNSFIELD[name][phase] - published) <= tolerance


def test_contrast_agent_adds_what_was_published():
    plain, arterial, portal, _ = HOUNSFIELD["liver"]
    assert portal - plain == pytest.approx(47.3, abs=10)
    plain, arterial, portal, _ = HOUNSFIELD["muscle"]
    assert arterial - plain == pytest.approx(8.6, abs=6.2)
    assert portal - plain == pytest.approx(6.4, abs=8.1)


def test_spleen_and_fat_differ_from_their_neighbours_as_published():
    assert 5 <= HOUNSFIELD["liver"][0] - HOUNSFIELD["spleen"][0] <= 10
    assert HOUNSFIELD["visceral fat"][0] - HOUNSFIELD["subcutaneous fat"][0] == pytest.approx(3.8, abs=2)


@pytest.fixture
def healthy_in_phase(monkeypatch):
    """Call it with 0 for plain, 1 for arterial or 2 for portal: organs without lesions in that phase alone."""
    monkeypatch.setattr("monai_scse.synthetic.ct.rendering._add_lesions", lambda *_: None)
    return lambda phase: monkeypatch.setattr(
        "monai_scse.synthetic.ct.rendering._draw_phase", lambda _: np.eye(3)[phase]
    )


def test_medulla_is_darker_than_the_cortex_in_the_arterial_phase(healthy_in_phase):
    healthy_in_phase(1)
    labels = np.full((40, 40, 40), STRUCTURE_INDEX["visceral fat"], np.uint8)
    labels[8:32, 8:32, 8:32] = STRUCTURE_INDEX["left kidney"]
    images = [render_ct(np.random.default_rng(seed), labels, np.ones(3)) for seed in range(20)]
    darker = [np.median(image[11, 16:24, 16:24]) - np.median(image[18:22, 16:24, 16:24]) for image in images]
    assert 50 < np.median(darker) < 140  # 110 to 140 were published; blurred by the scanner, columns of cortex between


@pytest.mark.parametrize(("phase", "low", "high"), [(1, 6, 30), (2, -3, 3)])
def test_spleen_is_striped_in_the_arterial_phase_alone(healthy_in_phase, phase, low, high):
    healthy_in_phase(phase)
    images = [render_ct(np.random.default_rng(seed), blocks("spleen", "muscle"), SPACING) for seed in range(20)]
    more = [image[4:20].std() - image[28:44].std() for image in images]
    assert low < np.median(more) < high


def test_lungs_are_denser_at_the_back():
    lung = np.full((30, 60, 30), STRUCTURE_INDEX["right lung"], np.uint8)
    images = [render_ct(np.random.default_rng(seed), lung, SPACING) for seed in range(8)]
    denser = np.mean([image[:, 4:14].mean() - image[:, -14:-4].mean() for image in images])
    assert 30 < denser < 80


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


def test_thick_slices_average_along_the_body_and_keep_the_mean():
    image = np.zeros((4, 4, 40), np.float32)
    image[..., 20:] = 100
    thick = _thick_slices(image, 1.0, 5.0, 5.0)
    assert thick.shape == image.shape
    assert (np.diff(thick[0, 0]) >= -1e-3).all()  # an edge stays an edge, without overshoot
    assert 3 <= ((thick[0, 0] > 1) & (thick[0, 0] < 99)).sum() <= 10  # and gets as wide as a slice or two
    assert abs(thick.mean() - image.mean()) < 3
    np.testing.assert_allclose(_thick_slices(image + 50, 1.0, 3.0, 2.5)[..., :15], 50, atol=1e-3)


def test_streaks_run_from_left_to_right_where_the_path_is_long():
    labels = np.zeros((140, 60, 8), np.uint8)
    labels[10:130, 5:55] = STRUCTURE_INDEX["muscle"]
    labels[40:100, 20:30] = STRUCTURE_INDEX["bone"]
    streaks = _streaks(np.random.default_rng(0), labels, SPACING)
    assert streaks[:, 20:30].std() > 3 * streaks[:, 45:55].std()
    assert np.abs(np.diff(streaks[20:120, 25], axis=0)).mean() < 0.2 * np.abs(np.diff(streaks[:, 21:29], axis=1)).mean()
    assert (streaks[:5] == 0).all()


def test_noise_has_the_grain_of_a_kernel_and_a_level_of_its_own_in_every_scan():
    levels, neighbours = [], []
    for seed in range(8):
        image = render_ct(np.random.default_rng(seed), blocks("gallbladder"), SPACING).astype(float)[4:20, 4:20, 4:20]
        image -= image.mean(axis=(0, 1), keepdims=True)
        levels.append(image.std())
        neighbours.append(np.corrcoef(image[1:].ravel(), image[:-1].ravel())[0, 1])
    assert max(levels) > 2 * min(levels)
    assert 0.1 < np.median(neighbours) < 0.95
