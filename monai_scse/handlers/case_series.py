"""Which DICOM series each case is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..dicom import get_dicom_series, series_table
from ..runtime import CaseTables
from ..transforms import file_of
from .case_writer import CaseWriter

if TYPE_CHECKING:
    from monai.data import MetaTensor

__all__ = ["CaseSeries"]


class CaseSeries(CaseWriter):
    """Write ``<case>_series.csv`` for every segmented case that is a DICOM series, and ``cases.csv`` for all.

    The columns are case, folder, series_uid, number and description, see :func:`monai_scse.dicom.series_table`. They
    hold no name of a patient. Nearest is MONAI's ``MetricsSaver``, which writes metrics against labels.

    Args:
        output_dir: folder that receives the tables.
        pred_key: entry of the segmentation in the engine's output.

    Raises:
        InputError: when a table cannot be written.
    """

    def __init__(self, output_dir: str, pred_key: str = "pred") -> None:
        super().__init__(output_dir, pred_key)
        self._tables = CaseTables(self.output_dir, "series")

    def save_case(self, pred: MetaTensor) -> None:
        """Write the row of a case."""
        file = file_of(pred)
        series = get_dicom_series(file)
        if series is not None:
            (row,) = series_table([series])
            self._tables.write(row.pop("case"), [row])
