"""Which DICOM series each case is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..dicom import get_dicom_series, series_table
from ..runtime import CaseTables
from ..runtime.arguments import check_name, path_of
from ..transforms import file_of

if TYPE_CHECKING:
    from ignite.engine import Engine

__all__ = ["CaseSeries"]


class CaseSeries:
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
        check_name("pred_key", pred_key)
        self.pred_key = pred_key
        self._tables = CaseTables(path_of("output_dir", output_dir), "series")

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator."""
        from monai.engines.utils import IterationEvents

        engine.add_event_handler(IterationEvents.MODEL_COMPLETED, self.save_batch)

    def save_batch(self, engine: Engine) -> None:
        """Write the row of each case of the batch."""
        for output in engine.state.output:
            file = file_of(output[self.pred_key])
            series = None if Path(file).is_file() else get_dicom_series(file)
            if series is not None:
                (row,) = series_table([series])
                self._tables.write(row.pop("case"), [row])
