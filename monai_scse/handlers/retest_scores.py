"""Tables of how well two scans of the same person give the same segmentation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import case_name
from ..labels import Structure
from ..metrics import (
    coefficient_of_variation,
    motion_corrected,
    register_rigidly,
    registered_correlation,
    require_registration,
    structure_dice,
    structure_volumes,
)
from ..runtime import atomic_write
from ..runtime.arguments import check_name, check_number, path_of
from ..transforms import file_of
from .structure_summary import summarize_structures

if TYPE_CHECKING:
    from ignite.engine import Engine
    from monai.data import MetaTensor

__all__ = ["RetestScores"]


@dataclass(frozen=True)
class _Scan:
    image: MetaTensor  # (1, x, y, z) as the network saw it
    classes: MetaTensor  # (1, x, y, z) on the grid of the scan

    def volumes_mm3(self, num_classes: int) -> list[float]:
        voxel_mm3 = abs(np.linalg.det(self.classes.affine.numpy()[:3, :3]))
        return [volume.volume_mm3 for volume in structure_volumes(self.classes[0].numpy(), num_classes, voxel_mm3)]


class RetestScores:
    """Write ``test_retest.csv``, a row a case and structure, and ``test_retest_summary.csv``, a row a structure.

    Attach it to an evaluator that segments the scans of :func:`monai_scse.data.retest_cases`. Of two scans with the
    same case name the first is the test, the second the retest. Prints the mean coefficient of variation (CoV) of the
    volumes and the mean Dice.

    Volumes are measured on the grid of each scan, before any resampling. For Dice the retest scan is registered rigidly
    to the test scan by their intensities. Its segmentation is resampled to the grid of the test scan by nearest
    neighbour. ``test_retest.csv`` has the columns case, structure, test_volume_mm3, retest_volume_mm3,
    difference_percent (retest minus test, of the mean of both), cov_percent
    (:func:`monai_scse.metrics.coefficient_of_variation`) and dice. The registration of the case follows:
    rotation_{right,anterior,superior}_deg, translation_{right,anterior,superior}_mm
    (:class:`monai_scse.metrics.RigidMotion`) and the correlation of the registered scans. A structure that is
    absent from both scans has no CoV and no Dice and counts in no mean. A registration below ``min_correlation`` is
    not believed: the log says so, and the case has no Dice.

    Args:
        output_dir: folder that receives the files.
        structures: names and colours of the classes, index 0 is background.
        image_key: entry of the preprocessed scan in the engine's output, (slices, x, y, z): of the slices of a slab the
            middle one.
        pred_key: entry of the segmentation in the engine's output, class indices (1, x, y, z) on the grid of the scan.
        min_correlation: correlation of the two registered scans, from -1 to 1, below which the registration is taken
            for a failure. Brains of MALC 2012: 0.99 for a scan and its noised copy, 0.53 to 0.60 for two persons.

    Raises:
        InputError: when ITK's registration is not installed.
    """

    def __init__(
        self,
        output_dir: str,
        structures: Sequence[Structure],
        image_key: str = "image",
        pred_key: str = "pred",
        min_correlation: float = 0.7,
    ) -> None:
        require_registration()
        self.output_dir = path_of("output_dir", output_dir)
        self.structures = structures
        check_name("image_key", image_key)
        self.image_key = image_key
        check_name("pred_key", pred_key)
        self.pred_key = pred_key
        check_number("min_correlation", min_correlation, -1, 1)
        self.min_correlation = min_correlation
        self.logger = logging.getLogger(__name__)
        self._tests: dict[str, _Scan] = {}
        self._rows: list[dict[str, Any]] = []

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator."""
        from ignite.engine import Events
        from monai.engines.utils import IterationEvents

        engine.add_event_handler(Events.STARTED, self.clear)
        engine.add_event_handler(IterationEvents.MODEL_COMPLETED, self.compare_batch)
        engine.add_event_handler(Events.COMPLETED, self.write)

    def clear(self) -> None:
        """Forget the cases of an earlier run."""
        self._tests.clear()
        self._rows.clear()

    def compare_batch(self, engine: Engine) -> None:
        """Keep each test scan of the batch, and compare each retest scan with its test scan."""
        for output in engine.state.output:
            image, pred = output[self.image_key], output[self.pred_key]
            middle = image.shape[0] // 2
            scan = _Scan(image[middle : middle + 1].float().cpu(), pred.cpu())
            case = case_name(file_of(pred))
            if case in self._tests:
                self._rows += self._compare(case, self._tests.pop(case), scan)
            else:
                self._tests[case] = scan

    def _compare(self, case: str, test: _Scan, retest: _Scan) -> list[dict[str, Any]]:
        num_classes = len(self.structures)
        motion = register_rigidly(test.image, retest.image)
        correlation = registered_correlation(test.image, retest.image, motion)
        registered = correlation >= self.min_correlation
        on_test = motion_corrected(retest.classes, test.classes, motion, mode="nearest")
        dice = structure_dice(on_test[0].numpy(), test.classes[0].numpy(), num_classes)
        sides = ("right", "anterior", "superior")
        registration = {
            **{f"rotation_{side}_deg": angle for side, angle in zip(sides, motion.rotation_deg)},
            **{f"translation_{side}_mm": shift for side, shift in zip(sides, motion.translation_mm)},
            "correlation": correlation,
        }
        rows = []
        volumes = (scan.volumes_mm3(num_classes) for scan in (test, retest))
        for structure, first, second, overlap in zip(self.structures[1:], *volumes, dice):
            mean = (first + second) / 2
            rows.append(
                {
                    "case": case,
                    "structure": structure.name,
                    "test_volume_mm3": first,
                    "retest_volume_mm3": second,
                    "difference_percent": 100 * (second - first) / mean if mean else np.nan,
                    "cov_percent": coefficient_of_variation(first, second),
                    "dice": overlap if registered else np.nan,
                    **registration,
                }
            )
        if registered:
            turned, moved = (
                ", ".join(f"{part:.1f}" for part in parts) for parts in (motion.rotation_deg, motion.translation_mm)
            )
            self.logger.info(f"{case}: turned by {turned} degrees, moved by {moved} mm, correlation {correlation:.3f}")
        else:
            self.logger.warning(
                f"{case}: registration implausible, correlation {correlation:.2f} is below {self.min_correlation}: no "
                "Dice for this case; check that both scans are of the same person and contrast."
            )
        return rows

    def write(self) -> None:
        """Write both tables, and print the means."""
        import pandas as pd

        if not self._rows:
            return  # no pair of scans was segmented
        table = pd.DataFrame(self._rows)
        summary = summarize_structures(table, ["cov_percent", "dice"])
        atomic_write(
            self.output_dir / "test_retest.csv", lambda path: table.to_csv(path, index=False, float_format="%.6g")
        )
        atomic_write(
            self.output_dir / "test_retest_summary.csv", lambda path: summary.to_csv(path, float_format="%.6g")
        )
        cov, dice = summary.loc["all structures", ["cov_percent_mean", "dice_mean"]]
        pairs = table["case"].nunique()
        print(
            f"Mean CoV {cov:.2f} %, mean Dice {dice:.4f} over {len(self.structures) - 1} structures without "
            f"background, {pairs} pair{'s' * (pairs != 1)} of scans; tables in {self.output_dir}"
        )
