"""The structures of a synthetic CT: their numbers, and their Hounsfield units by contrast phase."""

from __future__ import annotations

__all__ = ["BLOOD", "HOUNSFIELD", "HOUNSFIELD_SOURCES", "STRUCTURE_INDEX", "SYNTHETIC_STRUCTURES"]

#: Where Hounsfield units were published; structures that are not named are engineering judgement. Known from abstracts.
HOUNSFIELD_SOURCES = {
    "liver": "Unenhanced post-mortem CT of liver pathologies, International Journal of Legal Medicine (2019), "
    "doi:10.1007/s00414-019-02016-1: 58.3 +- 8.9 in 64 healthy livers; P. J. Pickhardt et al., Post-contrast CT liver "
    "attenuation alone is superior to the liver-spleen difference for identifying moderate hepatic steatosis: 47.3 "
    "more in the portal venous phase",
    "kidneys": "A. Euler et al., Investigative Radiology 56 (2021) 791-798, doi:10.1097/RLI.0000000000000790: 30 "
    "without contrast agent, 100 patients; Multi-detector row CT of the kidney: optimizing scan delays, European "
    "Journal of Radiology 63 (2007) 420-426, doi:10.1016/j.ejrad.2007.02.005, 128 patients: in the arterial and "
    "corticomedullary phases the cortex 195 to 217 more, the medulla 110 to 140 darker than the cortex; in the "
    "nephrographic phase the medulla 145 more, less than 30 between the two",
    "bowel wall": "Normal contrast enhancement of the small bowel, biphasic spiral CT with water by mouth, 50 renal "
    "donors: 118 to 120 in the arterial phase, 107 to 111 in the portal venous phase",
    "spleen": "L. S. Rabushka et al., Imaging of the spleen: CT with supplemental MR examination, RadioGraphics 14 "
    "(1994) 307-332: 40 to 60 without contrast agent, 5 to 10 less than the liver",
    "pancreas": "T. Stuber et al., Sixty-four MDCT achieves higher contrast in pancreas with optimization of scan time "
    "delay, World Journal of Radiology 4 (2012) 324-327: two protocols, 20 patients each: head 74.2 and 111.2 in the "
    "arterial, 70.5 and 84.0 in the portal venous phase, tail 76.7 and 99.9, 67.5 and 77.2",
    "fat": "M. Pop, M. Marusteri, Diagnostics 13:1913 (2023), doi:10.3390/diagnostics13111913, 4000 samples: 95 % "
    "between -123 and -89, 3.8 between subcutaneous and visceral fat",
    "blood": "Blood density in unenhanced CT of the chest and anaemia, 325 patients, doi:10.21203/rs.3.rs-1420003/v1: "
    "aorta 40 to 47.5 (quartiles) without anaemia, 25 to 36 with it",
    "aorta": "W. D. Foley, F. S. Pereles, Abdominal aorta, in a textbook on CT angiography: at least 250, better 300 "
    "to 400 in the arterial phase",
    "marrow": "S. Jang et al., Opportunistic osteoporosis screening at routine abdominal and thoracic CT, Radiology "
    "291 (2019) 360-367, doi:10.1148/radiol.2019181648: first lumbar vertebra, 226 +- 44 below 30 years, 2.5 less with "
    "every year, 89 +- 38 at 90 and more, 20,374 CT; here 130 to 280, the bones of people up to about 70",
    "muscle": "Correcting posterior paraspinal muscle computed tomography density for intravenous contrast material "
    "independent of sex and vascular phase, 240 adults: 8.6 more in the arterial phase, 6.4 more in the venous phase",
}

#: What the label numbers of a synthetic CT mean. The ten organs of the whole-body CT bundle come first, in its order.
SYNTHETIC_STRUCTURES = (
    "background",
    "liver",
    "spleen",
    "right kidney",
    "left kidney",
    "right lung",
    "left lung",
    "right psoas major",
    "left psoas major",
    "aorta",
    "urinary bladder",
    "subcutaneous fat",
    "muscle",
    "visceral fat",
    "bone",
    "cartilage",
    "heart",
    "inferior vena cava",
    "stomach wall",
    "stomach content",
    "bowel wall",
    "bowel content",
    "gas",
    "gallbladder",
    "renal sinus",
    "airway",
    "arteries",
    "pancreas",
    "table",
    "uterus",
    "prostate",
    "breast",
    "spinal canal",
    "metal",
)
#: The number of each structure.
STRUCTURE_INDEX = {name: index for index, name in enumerate(SYNTHETIC_STRUCTURES)}

#: Hounsfield units without contrast agent, in the arterial and in the portal venous phase; standard deviation from
#: person to person. See :data:`HOUNSFIELD_SOURCES`; of kidneys, the cortex.
HOUNSFIELD: dict[str, tuple[float, float, float, float]] = {
    "background": (-1000, -1000, -1000, 0),
    "liver": (55, 65, 108, 14),
    "spleen": (46, 110, 118, 14),
    "right kidney": (30, 225, 185, 30),
    "left kidney": (30, 225, 185, 30),
    "right lung": (-830, -825, -820, 50),
    "left lung": (-830, -825, -820, 50),
    "right psoas major": (50, 56, 62, 8),
    "left psoas major": (50, 56, 62, 8),
    "aorta": (40, 300, 155, 30),
    "urinary bladder": (5, 6, 8, 6),
    "subcutaneous fat": (-105, -105, -103, 6),
    "muscle": (50, 56, 62, 8),
    "visceral fat": (-100, -99, -97, 8),
    "bone": (420, 425, 430, 80),
    "cartilage": (85, 85, 90, 12),
    "heart": (40, 210, 150, 25),
    "inferior vena cava": (38, 70, 140, 22),
    "stomach wall": (42, 70, 85, 12),
    "stomach content": (20, 20, 20, 20),
    "bowel wall": (40, 120, 110, 14),
    "bowel content": (25, 25, 30, 20),
    "gas": (-900, -900, -900, 50),
    "gallbladder": (10, 10, 12, 8),
    "renal sinus": (-50, -40, -30, 35),
    "airway": (-960, -960, -960, 15),
    "arteries": (40, 280, 150, 30),
    "pancreas": (40, 95, 84, 14),
    "table": (-250, -250, -250, 200),
    "uterus": (45, 75, 100, 15),
    "prostate": (40, 60, 75, 12),
    "breast": (25, 30, 35, 12),
    "spinal canal": (28, 30, 32, 8),
    "metal": (3000, 3000, 3000, 0),
}
#: Blood inside organs.
BLOOD = {"inferior vena cava": (38, 70, 160), "arteries": (38, 230, 150)}
