"""The structures of a synthetic CT: their numbers, and their Hounsfield units by contrast phase."""

from __future__ import annotations

__all__ = ["BLOOD", "HOUNSFIELD", "STRUCTURE_INDEX", "SYNTHETIC_STRUCTURES"]

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
    "fluid",
    "mass",
)
#: The number of each structure.
STRUCTURE_INDEX = {name: index for index, name in enumerate(SYNTHETIC_STRUCTURES)}

#: Hounsfield units without contrast agent, in the arterial and in the portal venous phase, and their standard deviation
#: from person to person. Sources are in ``docs/synthetic_ct_sources.md``. Of kidneys it is the cortex. Fluid and masses
#: have densities of their own, see :mod:`monai_scse.synthetic.ct.pathology`.
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
