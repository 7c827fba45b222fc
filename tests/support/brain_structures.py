"""The classes of the brain bundle, as its configs have them."""

from __future__ import annotations

import json
from pathlib import Path

from monai_scse.labels import structure_table

_TRAIN = Path(__file__).parents[2] / "bundles/brain_mri_scse_segmentation/configs/train.json"
BRAIN_STRUCTURES = structure_table(json.loads(_TRAIN.read_text())["brain_structures"])
