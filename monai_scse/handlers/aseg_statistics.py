"""FreeSurfer's table of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..data import case_name
from ..labels import Structure
from ..reports import aseg_stats
from ..runtime import atomic_write
from ..transforms import LoadScand, file_of
from .case_writer import CaseWriter

if TYPE_CHECKING:
    from monai.data import MetaTensor

__all__ = ["AsegStatistics"]


class AsegStatistics(CaseWriter):
    """Write ``<case>_aseg.stats`` for every segmented case, see :func:`monai_scse.reports.aseg_stats`.

    Attach it to an evaluator whose postprocessing has brought the prediction back to the grid of the scan. The file of
    the scan is read again for its intensities. MONAI's ``MetricsSaver`` is nearest. It writes metrics against labels.

    Args:
        output_dir: folder that receives the files.
        structures: names of the classes, index 0 is background.
        pred_key: entry of the segmentation in the engine's output, class indices (1, x, y, z).

    Raises:
        InputError: when an argument is odd, FreeSurfer has no number for a structure, or the file cannot be written.
    """

    def __init__(self, output_dir: str, structures: Sequence[Structure], pred_key: str = "pred") -> None:
        super().__init__(output_dir, pred_key)
        self.structures = structures
        self._load = LoadScand("image")

    def save_case(self, pred: MetaTensor) -> None:
        """Write the file of a case."""
        file = file_of(pred)
        case = case_name(file)
        image = self._load({"image": file})["image"][0].numpy()
        voxel_mm = np.linalg.norm(pred.affine.cpu().numpy()[:3, :3], axis=0).tolist()
        text = aseg_stats(case, image, pred[0].cpu().numpy().astype(np.uint8), voxel_mm, self.structures)
        atomic_write(
            self.output_dir / f"{case}_aseg.stats",
            lambda path: path.write_text(text, encoding="utf-8", errors="backslashreplace"),
        )
