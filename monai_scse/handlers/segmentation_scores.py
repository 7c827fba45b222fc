"""Tables of how well segmentations agree with manual labels."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import case_name
from ..labels import Structure, unknown_classes
from ..metrics import score_structures
from ..runtime import atomic_write
from ..runtime.arguments import check_name, path_of
from ..transforms import AGREEMENT_KEY, CONFIDENCE_KEY, file_of
from .structure_summary import summarize_structures

if TYPE_CHECKING:
    from ignite.engine import Engine

__all__ = ["SegmentationScores"]


class SegmentationScores:
    """Write ``metrics.csv``, a row a case and structure, and ``summary.csv``, a row a structure. Print the mean Dice.

    Attach it to an evaluator whose prediction and label both lie on the grid of the scan. ``metrics.csv`` has the
    columns case, structure, dice, hd95_mm, assd_mm, and behind :class:`monai_scse.transforms.RecordConfidenced`
    confidence and agreement, whose rank correlation with Dice is printed. An entry is empty where the measure is not
    defined: Dice when a structure is absent from both or was not annotated, the distances when it is absent from
    either. The mean is the global Dice of the paper: per structure over the whole volume, then over structures and
    cases, background excluded. Of several processes, each with cases of its own, the first writes the tables of all,
    sorted by case.

    Args:
        output_dir: folder that receives the files.
        structures: names and colours of the classes, index 0 is background.
        pred_key: entry of the segmentation in the engine's output, class indices (1, x, y, z).
        label_key: entry of the label, class indices (1, x, y, z). Classes that it marks as unknown
            (:func:`monai_scse.labels.mark_unknown_classes`) are not scored.
    """

    def __init__(
        self, output_dir: str, structures: Sequence[Structure], pred_key: str = "pred", label_key: str = "label"
    ) -> None:
        self.output_dir = path_of("output_dir", output_dir)
        self.structures = structures
        check_name("pred_key", pred_key)
        self.pred_key = pred_key
        check_name("label_key", label_key)
        self.label_key = label_key
        self.logger = logging.getLogger(__name__)
        self._rows: list[dict[str, Any]] = []

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator."""
        from ignite.engine import Events
        from monai.engines.utils import IterationEvents

        engine.add_event_handler(Events.STARTED, self._rows.clear)
        engine.add_event_handler(IterationEvents.MODEL_COMPLETED, self.score_batch)
        engine.add_event_handler(Events.COMPLETED, self.write)

    def score_batch(self, engine: Engine) -> None:
        """Score each case of the batch."""
        for output in engine.state.output:
            pred, label = output[self.pred_key], output[self.label_key]
            scores = score_structures(
                pred[0].cpu().numpy(),
                label[0].clamp(min=0).cpu().numpy(),
                len(self.structures),
                np.linalg.norm(pred.affine.cpu().numpy()[:3, :3], axis=0),
                unknown=unknown_classes(label),
            )
            case = case_name(file_of(pred))
            for score in scores:
                row = asdict(score)
                index = row.pop("index")
                for measure in (CONFIDENCE_KEY, AGREEMENT_KEY):
                    if measure in pred.meta:
                        row[measure] = pred.meta[measure].get(index, math.nan)
                self._rows.append({"case": case, "structure": self.structures[index].name, **row})
            self.logger.info(f"{case}: mean Dice {np.nanmean([score.dice for score in scores]):.4f}")

    def write(self, engine: Engine) -> None:
        """Write both tables, print the mean, and leave it in the engine's metrics as ``val_mean_dice``."""
        import ignite.distributed as idist
        import pandas as pd

        rows = self._rows
        if idist.get_world_size() > 1:
            gathered = [row for rows_of_process in idist.all_gather(rows) for row in rows_of_process]
            rows = sorted(gathered, key=lambda row: row["case"])
        if not rows:  # every case failed
            engine.state.metrics["val_mean_dice"] = math.nan
            return
        metrics = pd.DataFrame(rows)
        measures = [name for name in metrics.columns if name not in ("case", "structure")]
        summary = summarize_structures(metrics, measures)
        mean, deviation = summary.loc["all structures", ["dice_mean", "dice_std"]]
        engine.state.metrics["val_mean_dice"] = float(mean)
        if idist.get_rank() > 0:
            return
        atomic_write(
            self.output_dir / "metrics.csv", lambda path: metrics.to_csv(path, index=False, float_format="%.6g")
        )
        atomic_write(self.output_dir / "summary.csv", lambda path: summary.to_csv(path, float_format="%.6g"))
        print(
            f"Mean global Dice over {len(self.structures) - 1} structures without background, "
            f"{metrics['case'].nunique()} cases: {mean:.4f} (standard deviation over structures and cases "
            f"{deviation:.4f}); tables in {self.output_dir}"
        )
        for measure in [name for name in (CONFIDENCE_KEY, AGREEMENT_KEY) if name in metrics]:
            both = metrics[[measure, "dice"]].dropna()
            print(
                f"{measure.capitalize()} and Dice of {len(both)} structures: rank correlation (Spearman) "
                f"{both.corr(method='spearman').iloc[0, 1]:.2f}"
            )
