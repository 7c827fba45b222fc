"""The table of pathology: what is drawn, how often, how large, what it counts as, and where that is from.

``docs/synthetic_ct_pathology.md`` shows it, and a test compares both.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DENSITY", "PATHOLOGY", "USUAL", "Pathology"]


@dataclass(frozen=True)
class Pathology:
    """One kind of pathology.

    Args:
        share: of scans that have it, when pathology is drawn as usual.
        size: from ... to, drawn evenly on a logarithmic scale.
        unit: of the size, and what it is the size of.
        counts_as: what its voxels are in the labels.
        source: where share and size are from.
    """

    share: float
    size: tuple[float, float]
    unit: str
    counts_as: str
    source: str


#: Name, then what is known of it, in the order in which it is drawn. Shares are of a training set: larger than among
#: patients, so that each is learnt.
PATHOLOGY: dict[str, Pathology] = {
    "missing kidney": Pathology(0.04, (1, 1), "kidneys", "fat fills its place", "judgement"),
    "atrophic kidney": Pathology(
        0.06, (10, 70), "ml of the kidney", "kidney", "BTCV 0008: 10 and 11 ml; share by judgement"
    ),
    "low-lying kidney": Pathology(0.04, (60, 140), "mm lower", "kidney of its side", "judgement"),
    "polycystic kidney": Pathology(
        0.03, (400, 2000), "ml of one kidney", "kidney", "Grantham 2006: both 1060 ± 642 ml; share by judgement"
    ),
    "kidney cysts": Pathology(
        0.2,
        (10, 60),
        "mm of the largest",
        "kidney",
        "share: Carrim 2003, 41 % of 617 patients; size: KiTS23 counted",
    ),
    "kidney tumour": Pathology(
        0.1,
        (2.8, 650),
        "ml",
        "kidney",
        "KiTS23 counted: 5th to 95th percentile of 62, half outside the kidney",
    ),
    "splenomegaly": Pathology(
        0.08, (500, 3000), "ml of the spleen", "spleen", "BTCV 0009: 3087 ml; normal below 322 ml (Kim 2021)"
    ),
    "liver metastases": Pathology(0.15, (10, 50), "mm of the largest", "liver", "judgement"),
    "liver tumour": Pathology(0.08, (60, 160), "mm", "liver, also where it bulges out", "judgement"),
    "aortic aneurysm": Pathology(
        0.06,
        (35, 80),
        "mm across",
        "aorta, with its thrombus",
        "aneurysms are above 30 mm; judgement",
    ),
    "pelvic mass": Pathology(
        0.06, (100, 4000), "ml", "mass: background", "judgement, beside a real scan with an ovarian mass (TCGA-OV)"
    ),
    "retroperitoneal mass": Pathology(
        0.06,
        (50, 3000),
        "ml",
        "mass: background",
        "sarcomas of 20 to 25 cm (Marjiyeh-Awwad 2022) and below",
    ),
    "lymph nodes": Pathology(
        0.08, (15, 45), "mm of the largest", "mass: background", "enlarged above 10 mm (RECIST 1.1); judgement"
    ),
    "ascites": Pathology(
        0.12, (300, 6000), "ml", "fluid: background", "judgement, beside a real scan with ascites (TCGA-OV)"
    ),
    "pleural effusion": Pathology(
        0.12,
        (100, 2000),
        "ml of one side",
        "fluid: background, as is the lung that it presses empty",
        "judgement",
    ),
    "lung mass": Pathology(
        0.08,
        (30, 100),
        "mm",
        "mass: background, for lung is what holds air",
        "above 30 mm it is a mass; judgement",
    ),
    "drain": Pathology(
        0.08,
        (3, 8),
        "mm across",
        "what it runs through; it spares the ten organs",
        "9 to 24 French; judgement",
    ),
    "neck and shoulders": Pathology(
        0.3,
        (40, 160),
        "mm above the chest",
        "nothing of ours: background",
        "what scans of a chest show; judgement",
    ),
}

#: The share of scans for each name: what ``pathology`` of the generators takes.
USUAL: dict[str, float] = {name: entry.share for name, entry in PATHOLOGY.items()}

#: Hounsfield units without contrast agent, in the arterial and in the portal venous phase, and their deviation from one
#: to the next. Engineering judgement beside real scans.
DENSITY: dict[str, tuple[float, float, float, float]] = {
    "water": (6, 6, 7, 5),
    "exudate": (16, 16, 18, 6),
    "metastasis": (38, 48, 60, 14),
    "carcinoma": (42, 95, 80, 20),
    "necrosis": (20, 22, 24, 8),
    "solid mass": (42, 60, 72, 14),
    "thrombus": (42, 42, 44, 8),
    "empty lung": (40, 75, 85, 12),
    "drain": (400, 400, 400, 200),
}
