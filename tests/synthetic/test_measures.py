"""Torsos have the organs that people have: volumes, lengths and diameters by sex, against published figures.

These are the figures as printed by their authors, apart from the table that the generator draws from. See
``docs/synthetic_ct_sources.md`` for the papers.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from monai_scse.synthetic.ct.canvas import TORSO
from monai_scse.synthetic.ct.measures import SEXES, draw_person
from monai_scse.synthetic.ct.structures import STRUCTURE_INDEX
from monai_scse.synthetic.ct.torso import paint_torso

FEW, MANY = 8, 30  # torsos of each sex
STEP = 6.0  # mm
# mm, a person of 1.70 m
FIRST_LUMBAR, THIRD_LUMBAR, CHEST, BELOW_KIDNEYS, CRESTS, LOWER_BREASTBONE = 0, -72, 125, -70, -140, 110

# name: mean of women, mean of men, standard deviation from person to person within a sex (None: none was published)
PUBLISHED = {
    "liver ml": (1411, 1710, 353),  # Geraghty 2004, spread of both sexes together by Vauthey 2002
    "spleen ml": (179.8, 238.4, (322.0 - 81.1) / 3.92),  # Geraghty 2004, central 95 % by Kim 2021
    "right kidney ml": (156.5, 193.1, 34.5),  # Geraghty 2004, spread of 33 and 36 by Cheong 2007
    "left kidney ml": (156.5, 193.1, 34.5),
    "right kidney mm": (108.5, 108.5, 12.2),  # Glodny 2009, both sexes together
    "left kidney mm": (111.3, 111.3, 12.6),
    "pancreas ml": (64.4, 87.4, None),  # Geraghty 2004
    "descending aorta mm": (23.1, 25.8, None),  # Rogers 2013
    "infrarenal aorta mm": (16.7, 19.3, None),
    "psoas cm2/m2": (5.4, 5.9, 1.55),  # Lawlor 2022, 1.4 and 1.7
    "right share of the lungs": (0.536, 0.536, 0.015),  # Yamada 2020, supine
    "chest mm": (256.5, 278.8, 18.4),  # Ekedigwe 2014, in radiographs
    "liver span mm": (172, 172, 20),  # Seppelt, both sexes together
    "pelvis mm": (276, 281, 22),  # Heinz 2003, biiliac, 23 and 21
}


@functools.cache
def measure(seed: int, sex: str) -> dict[str, float]:
    """Count voxels of a torso."""
    person = draw_person(np.random.default_rng(seed), sex)
    axes = [np.arange(low, high, STEP) * scale for (low, high), scale in zip(TORSO, (1, 1, person.size))]
    canvas = paint_torso(seed, person, axes)
    height = canvas.axes[2]
    masks = {name: canvas.labels == STRUCTURE_INDEX[name] for name in STRUCTURE_INDEX}
    found, steps = {}, np.array([STEP, STEP, STEP * person.size])
    for organ in ("liver", "spleen", "right kidney", "left kidney", "pancreas", "right lung", "left lung"):
        found[f"{organ} ml"] = masks[organ].sum() * steps.prod() / 1000
    for organ in ("right kidney", "left kidney"):
        points = np.argwhere(masks[organ]) * steps
        longest = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
        found[f"{organ} mm"] = np.ptp(points @ longest) + 0.8 * STEP
    for name, level in (("descending", CHEST), ("infrarenal", BELOW_KIDNEYS)):
        rows = np.abs(height - level) < 15
        section = masks["aorta"][:, :, rows]
        section = section[:, canvas.axes[1] < 0] if name == "descending" else section  # not the ascending one
        found[f"{name} aorta mm"] = 2 * np.sqrt(section.sum() * STEP**2 / rows.sum() / np.pi)
    rows = np.abs(height - THIRD_LUMBAR) < 8
    psoas = sum(masks[f"{side} psoas major"][:, :, rows].sum() for side in ("right", "left"))
    found["psoas cm2/m2"] = psoas * STEP**2 / 100 / rows.sum() / (person.measures["height_mm"] / 1000) ** 2
    found["fat under the skin cm2"] = masks["subcutaneous fat"][:, :, rows].sum() * STEP**2 / 100 / rows.sum()
    lungs = found["right lung ml"] + found["left lung ml"]
    found["right share of the lungs"] = found["right lung ml"] / lungs
    metres = person.measures["height_mm"] / 1000  # Quanjer 1993, and 10.9 % less lying down (Yamada 2020)
    capacity = (7.99 * metres - 7.08 if sex == "male" else 6.60 * metres - 5.79) / 1.109
    found["lungs / capacity"] = lungs / 1000 / capacity
    both_lungs = masks["right lung"] | masks["left lung"]
    across = both_lungs.any(axis=1)
    found["chest mm"] = max(np.ptp(np.flatnonzero(row)) for row in across.T if row.any()) * STEP
    elbows = 190  # mm from the middle: arms that are down
    bone = masks["bone"][np.abs(canvas.axes[0]) < elbows][:, :, np.abs(height - CRESTS) < 40]
    found["pelvis mm"] = np.ptp(np.flatnonzero(bone.any(axis=(1, 2)))) * STEP
    surface = np.sqrt(metres**3 * person.body_mass_index / 36)  # m2, R. D. Mosteller, 1987
    found["heart ml/m2"] = masks["heart"].sum() * steps.prod() / 1000 / surface
    for organ in ("liver", "spleen", "right kidney", "left kidney"):
        rows = np.flatnonzero(masks[organ].sum(axis=(0, 1)) * STEP**2 > 150)  # mm2
        found[f"{organ} span mm"] = (rows[-1] - rows[0]) * STEP * person.size
        found[f"{organ} middle"] = height[rows].mean()  # mm for a person of 1.70 m
        found[f"{organ} depth"] = canvas.axes[1][np.argwhere(masks[organ])[:, 1]].mean()
    kidney, liver = masks["right kidney"], masks["liver"]
    front = kidney[:, :-1] & ~kidney[:, 1:]
    found["liver before the right kidney"] = liver[:, 1:][front].mean()
    found["bladder ml"] = masks["urinary bladder"].sum() * steps.prod() / 1000
    found["end of the aorta"] = height[masks["aorta"].any(axis=(0, 1))][0]
    row = np.abs(height - LOWER_BREASTBONE).argmin()
    middle = masks["bone"][np.abs(canvas.axes[0]) < 10][:, :, row].any(axis=0)
    breastbone, spine = (canvas.axes[1][middle & side] for side in (canvas.axes[1] > 10, canvas.axes[1] < 10))
    width = max(np.ptp(np.flatnonzero(line)) + 1 for line in both_lungs[:, :, row].T if line.any()) * STEP
    found["index of Haller"] = width / (breastbone.min() - spine.max() - STEP)
    left = (canvas.axes[0] < 0)[:, None, None] & (height > FIRST_LUMBAR)[None, None]
    found["bowel beside the left kidney ml"] = (masks["bowel wall"] & left).sum() * steps.prod() / 1000
    return found


def measured(count: int) -> dict[str, dict[str, np.ndarray]]:
    rows = {sex: [measure(seed, sex) for seed in range(count)] for sex in SEXES}
    return {sex: {name: np.array([row[name] for row in table]) for name in table[0]} for sex, table in rows.items()}


@pytest.fixture(scope="module", params=[FEW, pytest.param(MANY, marks=pytest.mark.long)])
def torsos(request: pytest.FixtureRequest) -> dict[str, dict[str, np.ndarray]]:
    return measured(request.param)


@pytest.fixture(scope="module")
def many_torsos() -> dict[str, dict[str, np.ndarray]]:
    """Enough torsos for standard deviations and percentiles. The tests of these are long."""
    return measured(MANY)


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("name", PUBLISHED)
def test_mean_sizes_are_those_that_were_published(torsos, sex, name):
    women, men, _ = PUBLISHED[name]
    published = men if sex == "male" else women
    found = torsos[sex][name]
    chance = 2.5 * found.std(ddof=1) / np.sqrt(len(found))
    assert abs(found.mean() - published) < chance + 0.05 * published


@pytest.mark.long
@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize("name", [name for name, (*_, deviation) in PUBLISHED.items() if deviation is not None])
def test_sizes_spread_as_published(many_torsos, sex, name):
    deviation = PUBLISHED[name][2]
    # torsos are bent more than people on purpose, which moves the middle between the lungs, and livers spread wider
    most = {"right share of the lungs": 1.8, "liver span mm": 2.5}.get(name, 1.4)
    assert 0.5 * deviation < many_torsos[sex][name].std() < most * deviation


@pytest.mark.parametrize("sex", SEXES)
def test_organs_lie_at_the_height_and_depth_that_people_have_them(torsos, sex):
    found = torsos[sex]
    first_lumbar, second_lumbar, tenth_thoracic = 0, -36, 88  # middles of the vertebrae
    for side in ("right", "left"):  # hila: most often at the second lumbar vertebra, arteries at the first
        assert second_lumbar - 9 < found[f"{side} kidney middle"].mean() < first_lumbar
    assert 5 < found["left kidney middle"].mean() - found["right kidney middle"].mean() < 20  # the right one is lower
    # between the tenth and the twelfth rib: above the kidney, its middle no more than 4 cm further to the front
    assert second_lumbar - 9 < found["spleen middle"].mean() - found["spleen span mm"].mean() / 2
    assert found["spleen middle"].mean() + found["spleen span mm"].mean() / 2 < tenth_thoracic
    assert 20 < found["spleen middle"].mean() - found["left kidney middle"].mean() < 60
    assert found["spleen depth"].mean() - found["left kidney depth"].mean() < 40


@pytest.mark.parametrize("sex", SEXES)
def test_liver_touches_some_kidneys_and_fat_parts_it_from_others(torsos, sex):
    least, _, most = np.percentile(torsos[sex]["liver before the right kidney"], (10, 50, 90))
    assert least < 0.01
    assert most > 0.1


@pytest.mark.parametrize("sex", SEXES)
def test_jejunum_reaches_the_left_kidney(torsos, sex):
    assert np.median(torsos[sex]["bowel beside the left kidney ml"]) > 40  # its walls alone


@pytest.mark.parametrize("sex", SEXES)
def test_lungs_are_filled_as_far_as_they_are_in_a_scan(torsos, sex):
    assert 0.78 < torsos[sex]["lungs / capacity"].mean() < 0.97
    assert torsos[sex]["lungs / capacity"].min() > 0.5


def test_women_and_men_differ_as_published(torsos):
    women, men = torsos["female"], torsos["male"]
    for name in ("liver ml", "right kidney ml", "left lung ml", "infrarenal aorta mm"):
        assert women[name].mean() < men[name].mean()
    # Kong 2022, medians at a mean body mass index of 23.5: 146.7 and 116.9 cm2. These people are heavier
    assert np.median(women["fat under the skin cm2"]) > np.median(men["fat under the skin cm2"]) > 80


def test_hearts_are_as_large_as_published_for_their_bodies(torsos):
    hearts = [torsos[sex]["heart ml/m2"] for sex in SEXES]  # Foldyna 2021: 351.9 +- 57.6, smaller in women
    assert np.mean(hearts) == pytest.approx(351.9, rel=0.1)
    assert 0.5 * 57.6 < np.std(hearts) < 1.4 * 57.6
    assert hearts[SEXES.index("female")].mean() < hearts[SEXES.index("male")].mean()


def test_bladders_are_as_full_as_in_scans_without_preparation(torsos):
    bladders = np.concatenate([torsos[sex]["bladder ml"] for sex in SEXES])  # Kim 2018: 139.7 +- 92.8
    assert bladders.mean() == pytest.approx(139.7, rel=0.2)
    assert 0.5 * 92.8 < bladders.std() < 1.4 * 92.8


@pytest.mark.parametrize("sex", SEXES)
def test_chests_are_as_deep_as_published(torsos, sex):
    # between people of 68 years, 1.93 +- 0.35, and younger ones, 2.37, 1.6 to 3.1
    assert 0.95 * 1.93 < torsos[sex]["index of Haller"].mean() < 2.37
    assert 0.5 * 0.35 < torsos[sex]["index of Haller"].std() < 1.4 * 0.35


@pytest.mark.parametrize("sex", SEXES)
def test_aortas_end_at_the_fourth_lumbar_vertebra(torsos, sex):
    fourth_lumbar, height_of_a_vertebra = -108, 36
    assert np.median(torsos[sex]["end of the aorta"]) == pytest.approx(fourth_lumbar, abs=height_of_a_vertebra / 2)


def test_people_weigh_what_people_weigh():
    masses = np.array([draw_person(np.random.default_rng(seed)).body_mass_index for seed in range(1000)])
    assert np.median(masses) == pytest.approx(25.5, abs=1.5)  # NHANES III
    assert np.mean((masses >= 19) & (masses < 25)) == pytest.approx((0.390 + 0.436) / 2, abs=0.1)
    assert np.mean(masses >= 25) == pytest.approx((0.594 + 0.507) / 2, abs=0.12)


def test_unknown_sex():
    with pytest.raises(ValueError, match=r"sex must be one of female, male or None, got 'x'"):
        draw_person(np.random.default_rng(0), "x")
