"""Rendering: Hounsfield units of each structure, vessels inside organs, noise of the standard deviation asked for."""

from __future__ import annotations

import numpy as np
import pytest

from monai_scse.synthetic.ct.rendering import PHASES, render_ct
from monai_scse.synthetic.ct.structures import STRUCTURE_INDEX
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


ORGANS = (
    "aorta",
    "liver",
    "spleen",
    "left kidney",
    "bowel wall",
    "pancreas",
    "muscle",
    "visceral fat",
    "subcutaneous fat",
)


@pytest.fixture(scope="module")
def published_phases() -> dict[str, dict[str, np.ndarray]]:
    """Hounsfield units of organs in the pure phases, one a scan. Scans of one seed show one person."""
    labels = np.full((9 * len(ORGANS), 12, 6), STRUCTURE_INDEX["cartilage"], np.uint8)
    middles = 9 * np.arange(len(ORGANS)) + 4
    for middle, name in zip(middles, ORGANS):
        half = 1 if name == "left kidney" else 3  # 9 mm of kidney are cortex alone
        labels[middle - half : middle + half + 1] = STRUCTURE_INDEX[name]
    found = {}
    for phase in PHASES:
        scans = [render_ct(np.random.default_rng(seed), labels, SPACING, phase=phase) for seed in range(100)]
        found[phase] = {
            name: np.array([np.median(scan[middle, 4:8]) for scan in scans]) for middle, name in zip(middles, ORGANS)
        }
    return found


# docs/synthetic_ct_sources.md has the papers. Tolerances hold the published spread and that of 100 scans
@pytest.mark.parametrize(
    ("name", "phase", "published", "tolerance"),
    [
        ("liver", "plain", 58.3, 12),  # healthy ones. A fifth of those drawn is fatty
        ("spleen", "plain", (40 + 60) / 2, 10),
        ("left kidney", "plain", 30, 8),
        ("left kidney", "arterial", 30 + (195 + 217) / 2, 25),  # its cortex
        ("left kidney", "portal venous", 30 + 145 + 15, 18),  # medulla and cortex
        ("bowel wall", "arterial", (118 + 120) / 2, 8),
        ("bowel wall", "portal venous", (107 + 111) / 2, 8),
        ("pancreas", "arterial", (74.2 + 111.2 + 76.7 + 99.9) / 4, 12),  # head and tail, two protocols
        ("pancreas", "portal venous", (70.5 + 84.0 + 67.5 + 77.2) / 4, 12),
        ("aorta", "plain", (40 + 47.5) / 2, 10),
        ("aorta", "arterial", (250 + 400) / 2, 75),
        ("visceral fat", "plain", (-123 - 89) / 2, 17),
        ("subcutaneous fat", "plain", (-123 - 89) / 2, 17),
    ],
)
def test_scans_have_the_published_hounsfield_units(published_phases, name, phase, published, tolerance):
    assert np.median(published_phases[phase][name]) == pytest.approx(published, abs=tolerance)


@pytest.mark.parametrize(
    ("name", "phase", "published", "tolerance"),
    [
        ("liver", "portal venous", 47.3, 10),
        ("muscle", "arterial", 8.6, 6.2),
        ("muscle", "portal venous", 6.4, 8.1),
    ],
)
def test_contrast_agent_adds_what_was_published(published_phases, name, phase, published, tolerance):
    more = published_phases[phase][name] - published_phases["plain"][name]
    assert np.median(more) == pytest.approx(published, abs=tolerance)


@pytest.mark.parametrize(
    ("name", "other", "low", "high"),
    [("liver", "spleen", 5, 10), ("visceral fat", "subcutaneous fat", 3.8 - 2, 3.8 + 2)],
)
def test_organs_differ_as_published_in_plain_scans(published_phases, name, other, low, high):
    plain = published_phases["plain"]
    assert low <= np.mean(plain[name]) - np.mean(plain[other]) <= high


def test_unknown_phase_is_refused():
    with pytest.raises(ValueError, match="phase must be one of plain, arterial, portal venous or None, got 'venous'"):
        render_ct(np.random.default_rng(0), blocks("liver"), SPACING, phase="venous")


def kidney_in_fat() -> np.ndarray:
    labels = np.full((40, 40, 40), STRUCTURE_INDEX["visceral fat"], np.uint8)
    labels[8:32, 8:32, 8:32] = STRUCTURE_INDEX["left kidney"]
    return labels


def medulla_below_cortex(images: list[np.ndarray]) -> np.ndarray:
    return np.array([np.median(image[11, 16:24, 16:24]) - np.median(image[18:22, 16:24, 16:24]) for image in images])


def test_medulla_is_darker_than_the_cortex_in_the_arterial_phase():
    images = [render_ct(np.random.default_rng(s), kidney_in_fat(), np.ones(3), phase="arterial") for s in range(20)]
    # 110 to 140 are published. The scanner's blur and columns of cortex take some of it
    assert 50 < np.median(medulla_below_cortex(images)) < 140


def test_a_fifth_of_the_drawn_scans_is_arterial():
    images = [render_ct(np.random.default_rng(seed), kidney_in_fat(), np.ones(3)) for seed in range(40)]
    darker = medulla_below_cortex(images)
    assert 0.1 < (darker > 40).mean() < 0.4
    assert abs(np.median(darker[darker <= 40])) < 20


@pytest.mark.parametrize(("phase", "low", "high"), [("arterial", 6, 30), ("portal venous", -3, 3)])
def test_spleen_is_striped_in_the_arterial_phase_alone(phase, low, high):
    labels = blocks("spleen", "muscle")
    images = [render_ct(np.random.default_rng(seed), labels, SPACING, phase=phase) for seed in range(20)]
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


@pytest.mark.parametrize(("slice_mm", "fewest", "most"), [(1.0, 1, 6), (6.0, 0, 0)])
def test_thick_slices_blur_edges_along_the_body(slice_mm, fewest, most):
    labels = np.full((24, 24, 40), STRUCTURE_INDEX["visceral fat"], np.uint8)
    labels[..., 20:] = STRUCTURE_INDEX["muscle"]
    widths = []
    for seed in range(8):
        profile = render_ct(np.random.default_rng(seed), labels, np.array([1.0, 1.0, slice_mm])).mean(axis=(0, 1))
        low, high = np.median(profile[:15]), np.median(profile[25:])
        widths.append(((profile > low + 0.2 * (high - low)) & (profile < high - 0.2 * (high - low))).sum())
    assert fewest <= np.median(widths) <= most


def test_streaks_run_from_left_to_right_where_the_path_is_long():
    labels = np.zeros((140, 60, 8), np.uint8)
    labels[10:130, 5:55] = STRUCTURE_INDEX["muscle"]
    labels[40:100, 20:30] = STRUCTURE_INDEX["metal"]
    through, beside, along, across = [], [], [], []
    for seed in range(8):
        image = render_ct(np.random.default_rng(seed), labels, SPACING).astype(float)
        rows = image[12:36, 21:29]
        through.append(rows.std())
        beside.append(image[12:36, 44:52].std())
        along.append(np.abs(np.diff(rows, axis=0)).mean())
        across.append(np.abs(np.diff(rows, axis=1)).mean())
    assert np.median(through) > 2 * np.median(beside)
    assert np.median(along) < 0.5 * np.median(across)


def test_noise_has_the_grain_of_a_kernel_and_a_level_of_its_own_in_every_scan():
    levels, neighbours = [], []
    for seed in range(8):
        image = render_ct(np.random.default_rng(seed), blocks("gallbladder"), SPACING).astype(float)[4:20, 4:20, 4:20]
        image -= image.mean(axis=(0, 1), keepdims=True)
        levels.append(image.std())
        neighbours.append(np.corrcoef(image[1:].ravel(), image[:-1].ravel())[0, 1])
    assert max(levels) > 2 * min(levels)
    assert 0.1 < np.median(neighbours) < 0.95
