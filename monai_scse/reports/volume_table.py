"""The volumes of the structures of a case, with what is known about each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..labels import Structure
from ..metrics import structure_volumes
from ..transforms import AGREEMENT_KEY, CONFIDENCE_KEY, NUMBERS_KEY, QC_KEY, SCAN_KEY, WEIGHTS_KEY

if TYPE_CHECKING:
    from monai.data import MetaTensor

__all__ = ["volume_table"]


def volume_table(pred: MetaTensor, structures: Sequence[Structure]) -> list[dict[str, Any]]:
    """A row for each structure: index, structure, voxels, volume_mm3, touches_border.

    Transforms add further columns through the meta data of the segmentation. Label is the number in the file, where
    it is not the index (:class:`monai_scse.transforms.SaveSegmentationd`). Confidence and agreement come from
    :class:`monai_scse.transforms.RecordConfidenced`. Scan says whether it is a head or a brain
    (:class:`monai_scse.transforms.ExtractBraind`). Weights names those that were used, where there is a choice
    (:class:`monai_scse.inferers.ContrastInferer`). Qc says why a structure is removed or doubtful
    (:class:`monai_scse.transforms.TorsoQCd`, :class:`monai_scse.transforms.BrainQCd`).

    Args:
        pred: class indices on the grid of the scan, (1, x, y, z).
        structures: names of the classes, index 0 is background.
    """
    classes = pred[0].cpu().numpy().astype(np.uint8)
    voxel_mm3 = abs(np.linalg.det(pred.affine.cpu().numpy()[:3, :3]))
    rows: list[dict[str, Any]] = [
        {
            "index": volume.index,
            "structure": structures[volume.index].name,
            "voxels": volume.voxels,
            "volume_mm3": round(volume.volume_mm3, 1),
            "touches_border": volume.touches_border,
        }
        for volume in structure_volumes(classes, len(structures), voxel_mm3)
    ]
    for row in rows:
        if NUMBERS_KEY in pred.meta:
            row["label"] = pred.meta[NUMBERS_KEY][row["index"]]
        for measure in (CONFIDENCE_KEY, AGREEMENT_KEY):
            if measure in pred.meta:
                row[measure] = round(pred.meta[measure].get(row["index"], math.nan), 4)
        if SCAN_KEY in pred.meta:
            row["scan"] = pred.meta[SCAN_KEY]
        if WEIGHTS_KEY in pred.meta:
            row["weights"] = pred.meta[WEIGHTS_KEY]
        if QC_KEY in pred.meta:
            row["qc"] = pred.meta[QC_KEY].get(row["index"], "")
    return rows
