"""Rendering: Hounsfield units of each structure, vessels inside organs, noise of the standard deviation asked for."""

from __future__ import annotations

import numpy as np
import pytest

from monai_scse.synthetic.ct.rendering import render_ct
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


ORGANS = ("aorta", "inferior vena cava", "liver", "spleen", "muscle", "visceral fat", "subcutaneous fat", "pancreas")
PLAIN, ARTERIAL, PORTAL = "plain", "arterial", "portal"


def phase_of(aorta: float, vein: float) -> str:
    """The contrast phase as a radiologist reads it off the great vessels."""
    if aorta < 90:
        return PLAIN
    return ARTERIAL if aorta > vein + 110 else PORTAL


@pytest.fixture(scope="module")
def by_phase() -> dict[str, dict[str, float]]:
    """Hounsfield units of organs in each phase: the median of scans."""
    found = {PLAIN: [], ARTERIAL: [], PORTAL: []}
    for seed in range(80):
        image = render_ct(np.random.default_rng(seed), blocks(*ORGANS), SPACING)
        values = [np.median(image[24 * place + 4 : 24 * place + 20, 4:20, 4:20]) for place in range(len(ORGANS))]
        found[phase_of(*values[:2])].append(values)
    return {phase: dict(zip(ORGANS, np.median(values, axis=0))) for phase, values in found.items()}


@pytest.mark.parametrize(
    ("name", "published", "tolerance"),
    [
        ("liver", 58.3, 12),
        ("spleen", 50, 20),
        ("aorta", (40 + 47.5) / 2, 8),
        ("visceral fat", -106, 17),
        ("subcutaneous fat", -106, 17),
    ],
)
def test_plain_scans_have_the_published_hounsfield_units(by_phase, name, published, tolerance):
    assert by_phase[PLAIN][name] == pytest.approx(published, abs=tolerance)


def test_contrast_agent_adds_what_was_published(by_phase):
    """Published for pure phases; a scan mixes them."""
    plain, arterial, portal = (by_phase[phase] for phase in (PLAIN, ARTERIAL, PORTAL))
    assert portal["liver"] - plain["liver"] == pytest.approx(47.3, abs=20)
    assert 0 < portal["muscle"] - plain["muscle"] < 6.4 + 8.1
    assert arterial["pancreas"] == pytest.approx((74.2 + 111.2 + 76.7 + 99.9) / 4, abs=20)
    assert arterial["aorta"] > portal["aorta"] + 50


def scans_in(phase: str, labels: np.ndarray, spacing: np.ndarray, count: int) -> list[np.ndarray]:
    """Scans of a phase; ``labels`` end in 8 voxels of aorta and 8 of vena cava along the first axis."""
    labels = np.pad(labels, ((0, 16), (0, 0), (0, 0)))
    labels[-16:-8], labels[-8:] = STRUCTURE_INDEX["aorta"], STRUCTURE_INDEX["inferior vena cava"]
    images = (render_ct(np.random.default_rng(seed), labels, spacing) for seed in range(count))
    return [image for image in images if phase_of(np.median(image[-14:-10]), np.median(image[-6:-2])) == phase]


def test_medulla_is_darker_than_the_cortex_in_arterial_scans_a_fifth_of_all():
    labels = np.full((40, 40, 40), STRUCTURE_INDEX["visceral fat"], np.uint8)
    labels[8:32, 8:32, 8:32] = STRUCTURE_INDEX["left kidney"]
    images = [render_ct(np.random.default_rng(seed), labels, np.ones(3)) for seed in range(40)]
    darker = np.array([np.median(image[11, 16:24, 16:24]) - np.median(image[18:22, 16:24, 16:24]) for image in images])
    arterial = darker > 40
    assert 0.1 < arterial.mean() < 0.4
    assert np.median(darker[arterial]) < 140  # 110 to 140 were published; blurred by the scanner
    assert abs(np.median(darker[~arterial])) < 20


@pytest.mark.parametrize(("phase", "low", "high"), [(ARTERIAL, 4, 30), (PORTAL, -3, 3)])
def test_spleen_is_striped_in_the_arterial_phase_alone(phase, low, high):
    images = scans_in(phase, blocks("spleen", "muscle"), SPACING, count=60)
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
