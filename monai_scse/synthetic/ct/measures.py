"""Sizes of a person's body and organs, drawn by sex from published ranges.

Every entry of :data:`MEASURES` names its source in ``docs/synthetic_ct_sources.md``. Entries without one are set by eye
beside real scans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["MEASURES", "SEXES", "Measure", "Person", "draw_person"]

#: The sexes of which there are measures.
SEXES = ("female", "male")


@dataclass(frozen=True)
class Measure:
    """A size in the population: normal, cut off at 2.2 standard deviations.

    Args:
        mean: in ml, mm, cm2 or kg/m2, as the name of the measure says.
        deviation: standard deviation from person to person.
        with_body: correlation with the height of the body.
        sources: names in ``docs/synthetic_ct_sources.md``, first of the mean, then of the deviation. Empty means
            engineering judgement.
    """

    mean: float
    deviation: float
    with_body: float = 0.4
    sources: tuple[str, ...] = ()


def _both(female: tuple[float, float], male: tuple[float, float], with_body: float = 0.4, *sources: str) -> dict:
    return {
        "female": Measure(*female, with_body=with_body, sources=sources),
        "male": Measure(*male, with_body=with_body, sources=sources),
    }


#: Name, then sex. Volumes end in ml, lengths in mm, areas in cm2.
MEASURES: dict[str, dict[str, Measure]] = {
    "height_mm": _both((1613, 70), (1753, 75), 1.0, "NHANES 2015-2018"),  # spread: judgement
    "liver_ml": _both((1411, 310), (1710, 310), 0.6, "Geraghty 2004", "Vauthey 2002"),  # 353 less what sex explains
    "spleen_ml": _both((179.8, 60), (238.4, 60), 0.3, "Geraghty 2004", "Kim 2021"),
    "kidney_ml": _both((156.5, 33), (193.1, 36), 0.4, "Geraghty 2004", "Cheong 2007"),
    "kidney_length_mm": _both((108.0, 10), (112.0, 10), 0.4, "Glodny 2009"),  # split by sex: judgement
    "pancreas_ml": _both((64.4, 18), (87.4, 22), 0.3, "Geraghty 2004"),  # spread: judgement
    "lungs_at_capacity_ml": _both((4379, 540), (6246, 630), 0.5, "Quanjer 1993", "Yamada 2020"),  # TLC / 1.109, supine
    "ascending_aorta_mm": _both((31.9, 3.2), (34.1, 3.4), 0.3, "Rogers 2013"),  # spread of all four: 10 %, judgement
    "descending_aorta_mm": _both((23.1, 2.3), (25.8, 2.6), 0.3, "Rogers 2013"),
    "infrarenal_aorta_mm": _both((16.7, 1.7), (19.3, 1.9), 0.3, "Rogers 2013"),
    "lower_aorta_mm": _both((16.0, 1.6), (18.7, 1.9), 0.3, "Rogers 2013"),
    "psoas_index_cm2": _both((5.4, 1.4), (5.9, 1.7), 0.0, "Lawlor 2022"),  # per m2 of height squared, both sides
    "subcutaneous_fat_cm2": _both((146.7, 40), (116.9, 35), 0.0, "Kong 2022"),  # at 23.5 kg/m2, spread by judgement
    "visceral_fat_cm2": _both((67.2, 25), (120.9, 40), 0.0, "Kong 2022"),
    "vertebra_length_mm": _both((33.3, 2.6), (37.1, 3.2), 0.4, "Cook 2021"),
    "canal_width_mm": _both((27.6, 2.9), (28.5, 3.2), 0.3, "Cook 2021"),
    "uterus_ml": _both((38, 12), (0, 0), 0.0, "Sheth 2017"),
    "prostate_ml": _both((0, 0), (32, 10), 0.0, "Berges 2011"),  # spread: judgement
    "bladder_ml": _both((170, 90), (190, 100), 0.0),  # filled as far as it is when the scan is made
    "heart_ml": _both((580, 100), (740, 115), 0.4, "Foldyna 2021"),  # 1.77 and 2.0 m2, split by sex by judgement
    "stomach_ml": _both((400, 175), (400, 175), 0.0, "Stomach by SPECT"),  # from fasting to full: judgement
    "gallbladder_ml": _both((26.5, 12.3), (29.9, 12.3), 0.0, "Jamal", "Sari 2003"),
    "hip_half_width_mm": _both((131, 11), (134, 10), 0.5, "Heinz 2003"),  # iliac crests, less 7 mm, half their bone
    "inlet_half_width_mm": _both((63, 3.5), (61, 4), 0.4, "Sze 1999"),  # pelvic inlet, men by judgement
    "chest_half_width_mm": _both((130, 5), (143, 5), 0.0, "Ekedigwe 2014"),  # average lungs, 3 mm more than in it
    "chest_half_depth_mm": _both((97, 4), (107, 4), 0.0),
}


@dataclass(frozen=True)
class Person:
    """Who is scanned.

    Args:
        sex: one of :data:`SEXES`.
        size: height over 1.70 m. Positions along the body go by it.
        body_mass_index: kg/m2.
        breath: share of the lungs' capacity that is filled during the scan.
        measures: drawn values of :data:`MEASURES`. Fat already follows the body mass index.
    """

    sex: str
    size: float
    body_mass_index: float
    breath: float
    measures: dict[str, float]


def draw_person(random: np.random.Generator, sex: str | None = None) -> Person:
    """Draw a person's sizes.

    Args:
        random: source of chance.
        sex: one of :data:`SEXES`. None draws it.

    Raises:
        ValueError: when there is no such sex.

    Example:
        >>> person = draw_person(np.random.default_rng(0), "female")
        >>> 700 < person.measures["liver_ml"] < 2100
        True
    """
    if sex is not None and sex not in SEXES:
        raise ValueError(f"sex must be one of {', '.join(SEXES)} or None, got {sex!r}.")
    drawn = str(random.choice(SEXES))
    sex = sex or drawn
    body = float(np.clip(random.normal(), -2.2, 2.2))
    measures = {}
    for name, by_sex in MEASURES.items():
        measure = by_sex[sex]
        own = random.normal()
        position = measure.with_body * body + np.sqrt(1 - measure.with_body**2) * own
        measures[name] = measure.mean + measure.deviation * float(np.clip(position, -2.2, 2.2))
    mass = float(np.clip(17 + random.gamma(4.0, 2.6), 17, 45))  # kg/m2, median 26.6
    measures["subcutaneous_fat_cm2"] *= ((mass - 14) / 9.5) ** 1.5  # growth with mass: judgement, 1 at 23.5 kg/m2
    measures["visceral_fat_cm2"] *= ((mass - 14) / 9.5) ** 1.1
    # a chest that holds the lungs: what is above the average and not due to its height widens it
    capacity = measures["lungs_at_capacity_ml"] / MEASURES["lungs_at_capacity_ml"][sex].mean
    wider = np.sqrt(capacity * MEASURES["height_mm"][sex].mean / measures["height_mm"])
    for name in ("chest_half_width_mm", "chest_half_depth_mm"):
        measures[name] *= float(wider)
    breath = float(random.uniform(0.65, 1.0))  # judgement: patients are asked to breathe in, and some do
    return Person(sex, measures["height_mm"] / 1700, mass, breath, measures)
