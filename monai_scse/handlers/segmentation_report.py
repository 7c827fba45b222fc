"""Volumes of the structures and a picture beside each segmentation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..data import case_name
from ..labels import Structure
from ..reports import CasePage, volume_table
from ..runtime import CaseTables
from ..runtime.arguments import check_range, flag_of
from ..transforms import QC_KEY, LoadScand, file_of
from ..visualize import display_window, save_overlay
from .case_writer import CaseWriter

if TYPE_CHECKING:
    from ignite.engine import Engine
    from monai.data import MetaTensor

__all__ = ["SegmentationReport"]


class SegmentationReport(CaseWriter):
    """Write ``<case>_volumes.csv`` and ``<case>_overlay.png`` for every segmented case, and ``volumes.csv`` for all.

    With a page it writes ``<case>_report.html``, too. A page that cannot be made costs neither segmentation nor table:
    its error follows when they are written. :func:`monai_scse.reports.write_cohort_page` writes that of all cases.

    Attach it to an evaluator whose postprocessing has brought the prediction back to the grid of the scan. The columns
    of the tables are those of :func:`monai_scse.reports.volume_table`. ``volumes.csv`` has the case before them. It
    holds all cases of the folder, those of other processes too. The log says why a structure is removed or doubtful.

    Picture and page need the scan on its own grid, which preprocessing leaves, so its file is read again, once. No
    DICOM header is. MONAI's ``MetricsSaver`` is nearest. It writes metrics against labels, which a new scan lacks.

    Args:
        output_dir: folder that receives the files.
        structures: names and colours of the classes, index 0 is background.
        pred_key: entry of the segmentation in the engine's output, class indices (1, x, y, z).
        overlay: whether to make the pictures.
        window: intensities that the pictures show as black and as white. None to choose them for each scan.
        page: writes the page of a case. None for no pages.
    """

    def __init__(
        self,
        output_dir: str,
        structures: Sequence[Structure],
        pred_key: str = "pred",
        overlay: bool = True,
        window: tuple[float, float] | None = None,
        page: CasePage | None = None,
    ) -> None:
        super().__init__(output_dir, pred_key)
        self.structures = structures
        if window is not None:
            check_range("window", window)
        self.overlay = flag_of("overlay", overlay)
        self.window = window
        self.page = page
        self.logger = logging.getLogger(__name__)
        self._tables = CaseTables(self.output_dir, "volumes")
        self._segmented = 0
        self._load = LoadScand("image")

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator."""
        from ignite.engine import Events

        super().attach(engine)
        engine.add_event_handler(Events.STARTED, self.clear)
        engine.add_event_handler(Events.COMPLETED, self.log)

    def clear(self, _: Engine) -> None:
        """Forget the cases of an earlier run."""
        self._segmented = 0

    def save_case(self, pred: MetaTensor) -> None:
        """Write picture, page and table of a segmentation, (1, x, y, z), and the table of all cases of the folder."""
        file = file_of(pred)
        case = case_name(file)
        classes = pred[0].cpu().numpy().astype(np.uint8)
        affine = pred.affine.cpu().numpy()
        if QC_KEY in pred.meta:
            reasons = pred.meta[QC_KEY]
            for reason in dict.fromkeys(reasons.values()):
                names = [self.structures[index].name for index, cause in reasons.items() if cause == reason]
                self.logger.warning(f"{case}: {', '.join(names)}: {reason}")
        rows = volume_table(pred, self.structures)
        if self.overlay or self.page is not None:
            image = self._load({"image": file})["image"][0].numpy()
            window = display_window(image) if self.window is None else self.window
        picture = self.output_dir / f"{case}_overlay.png" if self.overlay else None
        if picture is not None:
            save_overlay(picture, image, classes, affine, self.structures, title=case, window=window)
        try:
            if self.page is not None:
                path = self.output_dir / f"{case}_report.html"
                self.page.write(path, case, file, image, classes, affine, window, rows, picture)
        finally:
            self._tables.write(case, rows)  # the last file of a case: one that has it is complete
        self._segmented += 1

    def log(self) -> None:
        """Log how many cases were segmented, if any, and where the table of all cases is."""
        if not self._segmented:
            return
        plural = "s" * (self._segmented != 1)
        self.logger.info(f"Segmented {self._segmented} case{plural}; all volumes in {self._tables.merged_file}.")
