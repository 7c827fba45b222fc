"""Handlers that write the files of a case."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ..runtime.arguments import check_name, path_of

if TYPE_CHECKING:
    from ignite.engine import Engine
    from monai.data import MetaTensor

__all__ = ["CaseWriter"]


class CaseWriter(ABC):
    """Writes files of every segmented case. What they are is the concern of its subclasses.

    Attach it to an evaluator whose postprocessing has brought the prediction back to the grid of the scan. MONAI's
    ``SaveImage`` is nearest. It writes the pixels alone.

    Args:
        output_dir: folder that receives the files.
        pred_key: entry of the segmentation in the engine's output, class indices (1, x, y, z).

    Raises:
        InputError: when an argument is odd.
    """

    def __init__(self, output_dir: str, pred_key: str) -> None:
        check_name("pred_key", pred_key)
        self.output_dir = path_of("output_dir", output_dir)
        self.pred_key = pred_key

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator."""
        from monai.engines.utils import IterationEvents

        engine.add_event_handler(IterationEvents.MODEL_COMPLETED, self.save_batch)

    def save_batch(self, engine: Engine) -> None:
        """Write the files of each case of the batch."""
        for output in engine.state.output:
            self.save_case(output[self.pred_key])

    @abstractmethod
    def save_case(self, pred: MetaTensor) -> None:
        """Write the files of a case, of which the segmentation is given."""
