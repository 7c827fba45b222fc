"""Sizes of a person's body and organs, drawn by sex from published ranges.

Every entry of :data:`MEASURES` names its source in :data:`SOURCES`. Entries without one were set by eye beside real
scans; :data:`COMPARED_WITH` has what was published of some of them, and of positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["COMPARED_WITH", "MEASURES", "SEXES", "SOURCES", "Measure", "Person", "draw_person"]

SEXES = ("female", "male")

SOURCES = {
    "Geraghty 2004": "E. M. Geraghty et al., Normal organ volume assessment from abdominal CT, Abdominal Imaging 29 "
    "(2004) 482-490: mean volumes by sex of liver, spleen, kidneys and pancreas in 149 CT studies",
    "Vauthey 2002": "J. N. Vauthey et al., Body surface area and body weight predict total liver volume in Western "
    "adults, Liver Transplantation 8 (2002): 1518 +- 353 ml",
    "Kim 2021": "D. W. Kim et al., Population-based and personalized reference intervals for liver and spleen volumes "
    "in healthy individuals and those with viral hepatitis, Radiology 301 (2021): spleen 81.1 to 322.0 ml (central "
    "95 % of 2989 liver donors)",
    "Cheong 2007": "B. Cheong et al., Normal values for renal length and volume as measured by magnetic resonance "
    "imaging, Clinical Journal of the American Society of Nephrology 2 (2007) 38-45: kidney volume 202 +- 36 ml in "
    "men, 154 +- 33 ml in women",
    "Glodny 2009": "B. Glodny et al., Normal kidney size and its influencing factors, BMC Urology 9:19 (2009): length "
    "108.5 +- 12.2 mm on the right, 111.3 +- 12.6 mm on the left, CT of 1040 adults",
    "Quanjer 1993": "P. H. Quanjer et al., Lung volumes and forced ventilatory flows, European Respiratory Journal 6, "
    "supplement 16 (1993) 5-40: total lung capacity in litres 7.99 H - 7.08 (residual SD 0.70) in men, 6.60 H - 5.79 "
    "(0.60) in women, H the height in m",
    "Yamada 2020": "Y. Yamada et al., Differences in lung and lobe volumes between supine and standing positions "
    "scanned with conventional and newly developed 320-detector-row upright CT, Respiration 99 (2020) 598: lungs "
    "10.9 % larger standing than supine; supine, the right lung is 53.6 +- 1.5 % of both",
    "Rogers 2013": "I. S. Rogers et al., Distribution, determinants, and normal reference values of thoracic and "
    "abdominal aortic diameters by computed tomography, American Journal of Cardiology 111 (2013) 1510-1516: mean "
    "diameters by sex in 3431 people",
    "Lawlor 2022": "M. A. Lawlor et al., Computerized tomography derived psoas muscle indices in a healthy young "
    "population in the United States, Journal of Frailty, Sarcopenia and Falls 7 (2022) 38-46: area of both psoas "
    "muscles over height squared 5.9 +- 1.7 cm2/m2 in men, 5.4 +- 1.4 in women",
    "Kong 2022": "M. Kong et al., Assessing visceral obesity and abdominal adipose tissue distribution in healthy "
    "populations based on computed tomography, Frontiers in Nutrition 9:871697 (2022): medians at the third lumbar "
    "vertebra in 1787 people of mean body mass index 23.5: subcutaneous fat 116.9 cm2 in men, 146.7 in women, visceral "
    "fat 120.9 and 67.2",
    "Cook 2021": "W. H. Cook, J. F. Baker, Comparative analysis of lumbar spine vertebral morphology between Maori and "
    "New Zealand Europeans, International Journal of Spine Surgery 15 (2021) 1072-1081: fifth lumbar vertebra, body "
    "length 37.1 +- 3.2 mm in men, 33.3 +- 2.6 in women; canal 28.5 and 27.6 mm wide",
    "Sheth 2017": "S. S. Sheth et al., Sonographic evaluation of uterine volume and its clinical importance, Journal "
    "of Obstetrics and Gynaecology Research (2017): 15 to 56 ml in women with a normal uterus",
    "Ekedigwe 2014": "J. E. Ekedigwe et al., Cardiothoracic ratio and body mass index in normal young adult Nigerians, "
    "Journal of Medicine in the Tropics 16 (2014) 47-51: thoracic diameter in radiographs 27.88 +- 1.82 cm in men, "
    "25.65 +- 1.85 cm in women",
    "Jamal": "A. F. Jamal et al., Ultrasound evaluation of gallbladder dimensions in healthy adults, Zanco Journal of "
    "Medical Sciences: fasting volume 29.87 ml in 248 men, 26.5 ml in 152 women",
    "Sari 2003": "R. Sari et al., Sonographic evaluation of gallbladder volume and ejection fraction in obese women "
    "without gallstones, Journal of Clinical Ultrasound 31 (2003) 352-357: fasting volume 28.1 +- 12.3 ml in 25 women "
    "who were not obese",
    "Foldyna 2021": "B. Foldyna et al., Small whole heart volume predicts cardiovascular events in patients with "
    "stable chest pain: insights from the PROMISE trial, European Radiology 31 (2021): pericardial sac in CT of 3798 "
    "people, 351.9 +- 57.6 ml per m2 of body surface, smaller in women",
    "Heinz 2003": "G. Heinz et al., Exploring relationships in body dimensions, Journal of Statistics Education 11 "
    "(2003): biiliac diameter 276 +- 23 mm in 260 women, 281 +- 21 mm in 247 men",
    "Sze 1999": "E. H. Sze et al., Computed tomography comparison of bony pelvis dimensions between women with and "
    "without genital prolapse, Obstetrics and Gynecology 93 (1999): transverse diameter of the inlet "
    "129 +- 7 and 124 +- 6 mm in 34 women each",
    "Berges 2011": "R. Berges, M. Oelke, Age-stratified normal values for prostate volume, PSA, maximum urinary flow "
    "rate, IPSS, and other LUTS/BPH indicators in the German male community-dwelling population aged 50 years or "
    "older, World Journal of Urology 29 (2011) 171-178: means of 24 to 38 ml, rising from 50 to 80 years",
    "Stomach by SPECT": "Single photon emission computed tomography for gastric volume assessment: a method with "
    "observer-defined regions of interest, Nuclear Medicine Communications 28 (2007): median 86 ml fasting, 370 ml an "
    "hour after a meal of 600 ml; Performance characteristics of the measurement of gastric volume using single photon "
    "emission computed tomography, Neurogastroenterology and Motility (2011): no difference between the sexes in 433 "
    "people",
    "NHANES 2015-2018": "C. D. Fryar et al., Anthropometric reference data for children and adults: United States, "
    "2015-2018, Vital and Health Statistics, series 3 (2021): mean height of men 175 cm, of women 161 cm",
}


#: What torsos are compared with, though it was not drawn from: positions, and sizes that were set by eye. Known from
#: abstracts. All other positions are engineering judgement.
COMPARED_WITH = {
    "kidneys": "A reappraisal of adult thoracic and abdominal surface anatomy via CT scan in Chinese population, "
    "Clinical Anatomy 29 (2016) 165-174, doi:10.1002/ca.22556, 100 CT: the middle of the renal hila most often at the "
    "second lumbar vertebra, renal arteries at the first",
    "spleen": "the same: most often between the tenth and the twelfth rib",
    "liver": "D. Seppelt et al., Simple diameter measurement as predictor of liver volume and liver parenchymal "
    "disease, Scientific Reports: craniocaudal diameter 17.2 +- 2 cm in 886 healthy adults, MRI",
    "perirenal fat": "V. I. Podzolkov et al., Pararenal fat tissue: rate of pararenal obesity and relation with "
    "anthropometric indices of obesity, Rational Pharmacotherapy in Cardiology: in CT of 372 adults, 73 % of them "
    "overweight, median 16 mm thick, quartiles 10 and 25",
    "aorta": "Sites of the aortic bifurcation and the venous confluence in relation to age and sex, Surgical and "
    "Radiologic Anatomy 20 (1998) 63-68, doi:10.1007/BF01628118, CT of 180 people: it ends on average beside the upper "
    "half of the fourth lumbar vertebra in men, the lower half in women, from the third lumbar vertebra to the sacrum",
    "body mass": "R. J. Kuczmarski et al., Varying body mass index cutoff points to describe overweight prevalence "
    "among U.S. adults: NHANES III, Obesity Research 5 (1997) 542-548: median 25.5 kg/m2; of men 1.6, 39.0 and 59.4 % "
    "below 19, from 19 to 25 and above, of women 5.7, 43.6 and 50.7 %",
    "chest": "Index of Haller, the inner width of the chest over the distance from spine to breastbone: 1.93 +- 0.35 "
    "in radiographs of 100 people of 68 years on average (PubMed 29766334), 2.37 (1.6 to 3.1) and a distance of 100 "
    "+- 17 mm in CT of younger Indians (S. Allwyn Joshua et al., Journal of Radiology Research and Practice (2014), "
    "doi:10.5171/2014.145020)",
    "bladder": "S. Kim et al., Assessment of inter- and intra-fractional volume of bladder and body contour by "
    "mega-voltage computed tomography in helical tomotherapy for pelvic malignancy, Radiation Oncology Journal 36 "
    "(2018): 139.7 +- 92.8 ml in CT of 41 people; full ones hold more: 362 +- 229 and 286 +- 164 ml in CT of 41 and 25 "
    "men who were asked for it (Radiotherapy and Oncology 79 (2006) 335-340)",
}


@dataclass(frozen=True)
class Measure:
    """A size in the population: normal, cut off at 2.2 standard deviations.

    Args:
        mean: in ml, mm, cm2 or kg/m2, as the name of the measure says.
        deviation: standard deviation from person to person.
        with_body: correlation with the height of the body.
        sources: keys of :data:`SOURCES` for the mean and, where there is a second, for the deviation; empty for
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
    "subcutaneous_fat_cm2": _both((146.7, 40), (116.9, 35), 0.0, "Kong 2022"),  # at 23.5 kg/m2; spread: judgement
    "visceral_fat_cm2": _both((67.2, 25), (120.9, 40), 0.0, "Kong 2022"),
    "vertebra_length_mm": _both((33.3, 2.6), (37.1, 3.2), 0.4, "Cook 2021"),
    "canal_width_mm": _both((27.6, 2.9), (28.5, 3.2), 0.3, "Cook 2021"),
    "uterus_ml": _both((38, 12), (0, 0), 0.0, "Sheth 2017"),
    "prostate_ml": _both((0, 0), (32, 10), 0.0, "Berges 2011"),  # spread: judgement
    "bladder_ml": _both((170, 90), (190, 100), 0.0),  # filled as far as it is when the scan is made
    "heart_ml": _both((580, 100), (740, 115), 0.4, "Foldyna 2021"),  # 1.77 and 2.0 m2; split by sex: judgement
    "stomach_ml": _both((400, 175), (400, 175), 0.0, "Stomach by SPECT"),  # from fasting to full: judgement
    "gallbladder_ml": _both((26.5, 12.3), (29.9, 12.3), 0.0, "Jamal", "Sari 2003"),
    "hip_half_width_mm": _both((131, 11), (134, 10), 0.5, "Heinz 2003"),  # iliac crests, less 7 mm, half their bone
    "inlet_half_width_mm": _both((63, 3.5), (61, 4), 0.4, "Sze 1999"),  # pelvic inlet; men: judgement
    "chest_half_width_mm": _both((130, 5), (143, 5), 0.0, "Ekedigwe 2014"),  # for average lungs; 3 mm wider than in it
    "chest_half_depth_mm": _both((97, 4), (107, 4), 0.0),
}


@dataclass(frozen=True)
class Person:
    """Who is scanned.

    Args:
        sex: one of :data:`SEXES`.
        size: height over 1.70 m; positions along the body go by it.
        body_mass_index: kg/m2.
        breath: share of the lungs' capacity that is filled during the scan.
        measures: drawn values of :data:`MEASURES`; fat already follows the body mass index.
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
        sex: one of :data:`SEXES`; None draws it.

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
    breath = float(random.uniform(0.65, 1.0))  # judgement: asked to breathe in, and some do
    return Person(sex, measures["height_mm"] / 1700, mass, breath, measures)
