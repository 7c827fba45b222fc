"""DICOM SEG files of a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..data import case_name
from ..dicom import get_dicom_series, save_dicom_segmentation
from ..labels import Structure
from ..transforms import file_of
from .case_writer import CaseWriter

if TYPE_CHECKING:
    from monai.data import MetaTensor

__all__ = ["DicomSegmentation"]


class DicomSegmentation(CaseWriter):
    """Write ``<case>_seg.dcm`` for every segmented case that is a DICOM series. The log names other cases.

    Attach it to an evaluator whose postprocessing has brought the prediction back to the grid of the scan.

    MONAI's ``SaveImage`` is nearest. It writes pixels to image files and knows no DICOM SEG.

    Args:
        output_dir: folder that receives the files.
        structures: names, codes and colours of the classes, index 0 is background.
        pred_key: entry of the segmentation in the engine's output, class indices (1, x, y, z).

    Raises:
        InputError: when the headers of a series lack what a SEG needs, or the file cannot be written.
    """

    def __init__(self, output_dir: str, structures: Sequence[Structure], pred_key: str = "pred") -> None:
        super().__init__(output_dir, pred_key)
        self.structures = structures
        self.logger = logging.getLogger(__name__)

    def save_case(self, pred: MetaTensor) -> None:
        """Write the SEG of a case."""
        file = file_of(pred)
        series = get_dicom_series(file)
        if series is None:
            self.logger.warning(f"{file}: not a DICOM series, no DICOM SEG is written.")
            return
        path = self.output_dir / f"{case_name(file)}_seg.dcm"
        save_dicom_segmentation(path, pred[0].cpu().numpy(), series, self.structures)
