"""A small case whose numbers are made by hand, for the pages of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from monai.data import MetaTensor

from monai_scse.labels import Structure
from monai_scse.reports import CasePage, volume_table
from monai_scse.transforms import AGREEMENT_KEY, CONFIDENCE_KEY, QC_KEY

BRAIN = [
    Structure("background", (0, 0, 0)),
    Structure("left cerebral cortex", (205, 62, 78)),
    Structure("right cerebral cortex", (205, 62, 78)),
    Structure("left lateral ventricle", (120, 18, 134)),
    Structure("right lateral ventricle", (120, 18, 134)),
    Structure("brainstem", (119, 159, 176)),
]
AFFINE = np.array([[-1.0, 0, 0, 20], [0, 1, 0, -24], [0, 0, 2, -30], [0, 0, 0, 1]])  # voxels of 2 mm3


def brain_classes() -> np.ndarray:
    """Blocks of 1000, 800, 96 and 104 voxels, and of 60 for the brainstem. The first axis points left."""
    classes = np.zeros((40, 48, 36), dtype=np.uint8)
    classes[22:32, 10:20, 12:22] = 1
    classes[8:16, 10:20, 12:22] = 2
    classes[22:26, 24:30, 14:18] = 3
    classes[15:17, 24:37, 14:18] = 4
    classes[18:21, 20:24, 5:10] = 5
    return classes


def brain_scan() -> np.ndarray:
    """A scan that is brighter in its structures, with a trace of noise."""
    noise = np.random.default_rng(0).normal(0, 2, (40, 48, 36))
    return (brain_classes() * 30.0 + 20 + noise).astype(np.float32)


def brain_prediction(**meta: Any) -> MetaTensor:
    """The segmentation, with confidence and agreement of each structure, and the brainstem flagged."""
    return MetaTensor(
        brain_classes()[None],
        affine=AFFINE,
        meta={
            CONFIDENCE_KEY: {1: 0.95, 2: 0.97, 3: 0.9, 4: 0.92, 5: 0.61},
            AGREEMENT_KEY: {1: 0.94, 2: 0.96, 3: 0.91, 4: 0.93, 5: 0.71},
            QC_KEY: {5: "unsure: confidence 0.61, expected 0.75"},
            **meta,
        },
    )


def write_brain_page(path: Path, scan: Path, case: str = "case", **more: Any) -> str:
    """Write the page of the case, and return it."""
    rows = more.pop("rows", None) or volume_table(brain_prediction(), BRAIN)
    more.setdefault("picture", None)
    page = CasePage(BRAIN, **more.pop("page", {}))
    page.write(path, case, str(scan), brain_scan(), brain_classes(), AFFINE, (0.0, 200.0), rows, **more)
    return path.read_text(encoding="utf-8")
