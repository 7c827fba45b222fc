"""Quality control of a brain: structures that cannot be right are flagged."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from monai.transforms import MapTransform

from ..labels import Structure, side_pairs
from ..metrics import class_sizes
from ..runtime.arguments import check_number, check_numbers, check_range, flag_of, path_of
from .brain_extraction import DOUBT_KEY
from .confidence import AGREEMENT_KEY, CONFIDENCE_KEY, unsure_classes
from .meta import with_meta
from .plausibility import QC_KEY
from .scans import file_of

__all__ = ["TYPICAL_BRAIN_ML", "BrainQCd"]

#: volume of all structures together in the brain that expected volumes are of
TYPICAL_BRAIN_ML = 1250.0

_logger = logging.getLogger(__name__)


def _rounded(ml: float) -> str:
    return f"{ml:.0f}" if ml >= 100 else f"{ml:.1f}"


class BrainQCd(MapTransform):
    """Note in the meta data, entry :data:`QC_KEY`, for each class index why its segmentation should not be trusted.

    Nothing is removed. All structures are flagged when their sum is no brain of an adult. They are flagged, too, when
    the scan cuts the brain off, which shows a section of it on a face of the scan. The third reason is that the network
    is unsure of all of them on average, as in a scan that is upside down. One structure is flagged when it is not
    found, or is much larger or smaller than that of the other side. So is one of which the network is unsure (behind
    :class:`monai_scse.transforms.RecordConfidenced`). Both sides are flagged when they are too large or too small
    together, see ``structures``. One line of the log says what is likely wrong with a scan of which most structures are
    flagged. So it does for a scan that is unlike T1, see :data:`DOUBT_KEY`. MONAI has no transform that does this.

    Args:
        keys: class indices, (1, x, y, z), on the grid of the scan.
        structures: the classes, index 0 is background. Their ``volume_ml`` is that in a brain of
            :data:`TYPICAL_BRAIN_ML`, and grows with the brain. Of a pair the sum of both sides is compared.
        brain_ml: smallest and largest sum of all structures. Adults of any size and age lie within.
        cut_cm2: a larger area of brain on one face of the scan is a cut.
        asymmetry: largest difference of a left and a right structure, as a share of their mean.
        min_sureness: expected at least of a structure, by :data:`CONFIDENCE_KEY` and :data:`AGREEMENT_KEY`. By default
            0.75 of both.
        min_mean_confidence: expected at least of a scan, as the mean over its structures.
        t1_only: whether the weights are for T1-weighted scans alone, a boolean or a word such as ``"true"``. Otherwise
            a scan that is unlike T1 is no reason for a line of the log.
        any_weights: file of weights for any contrast. The line points to them where it exists.
        allow_missing_keys: whether a missing key is no error.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        structures: Sequence[Structure],
        brain_ml: tuple[float, float] = (700.0, 2000.0),
        cut_cm2: float = 6.0,
        asymmetry: float = 0.6,
        min_sureness: Mapping[str, float] | None = None,
        min_mean_confidence: float = 0.9,
        t1_only: bool | str = True,
        any_weights: str | Path | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_range("brain_ml", brain_ml, 0)
        check_number("cut_cm2", cut_cm2, 0)
        check_number("asymmetry", asymmetry, 0)
        check_number("min_mean_confidence", min_mean_confidence, 0, 1)
        if min_sureness is not None:
            check_numbers("min_sureness", min_sureness, 0, 1)
        self.any_weights = None if any_weights is None else path_of("any_weights", any_weights)
        self.t1_only = flag_of("t1_only", t1_only)
        self.num_classes = len(structures)
        self.structures = structures
        self.pairs = side_pairs(structures)
        self.brain_ml = brain_ml
        self.cut_cm2 = cut_cm2
        self.asymmetry = asymmetry
        self.min_sureness = {CONFIDENCE_KEY: 0.75, AGREEMENT_KEY: 0.75} if min_sureness is None else min_sureness
        self.min_mean_confidence = min_mean_confidence

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        checked = dict(data)
        for key in self.key_iterator(data):
            classes = data[key].cpu().numpy()[0]
            reasons = self._reasons(classes, data[key].affine.cpu().numpy()[:3, :3])
            reasons = unsure_classes(data[key].meta, self.min_sureness) | reasons
            confidence = data[key].meta.get(CONFIDENCE_KEY, {})
            if confidence and (mean := sum(confidence.values()) / len(confidence)) < self.min_mean_confidence:
                unsure = f"unsure of the whole scan: mean confidence {mean:.2f}, expected {self.min_mean_confidence:g}"
                reasons = dict.fromkeys(range(1, self.num_classes), unsure) | reasons
            if (self.t1_only and data[key].meta.get(DOUBT_KEY)) or len(reasons) > (self.num_classes - 1) / 2:
                _logger.warning(f"{file_of(data[key], str(key))}: {self._likely_cause(data[key].meta, reasons)}")
            checked[key] = with_meta(data[key], {QC_KEY: reasons})
        return checked

    def _likely_cause(self, meta: Mapping[str, Any], reasons: Mapping[int, str]) -> str:
        """One sentence on a doubtful scan."""
        flagged = f"{len(reasons)} of {self.num_classes - 1} structures are flagged"
        if reasons:
            usual, count = Counter(reasons.values()).most_common(1)[0]
            flagged += f" ({usual})" if count > 1 else ""
        cause = meta.get(DOUBT_KEY) if self.t1_only else ""
        if cause and self.any_weights is not None and self.any_weights.is_file():
            cause += "; try --contrast any (any_contrast_inference.yaml)"
        contrast = "T1-weighted, after contrast agent, not " if self.t1_only else ""
        return f"{flagged}. The scan is {cause or f'perhaps not {contrast}upright, or not of a whole brain'}."

    def _reasons(self, classes: np.ndarray, axes: np.ndarray) -> dict[int, str]:
        voxel_ml = abs(np.linalg.det(axes)) / 1000
        volume = class_sizes(classes, self.num_classes) * voxel_ml
        found = volume[1:].sum()
        least, most = self.brain_ml
        if not least <= found <= most:
            return dict.fromkeys(
                range(1, self.num_classes),
                f"no brain of an adult: {found:.0f} ml in all, expected {least:g} to {most:g} ml",
            )
        cut = self._largest_cut_cm2(classes, np.linalg.norm(axes, axis=0))
        if cut > self.cut_cm2:
            return dict.fromkeys(
                range(1, self.num_classes), f"cut off by the scan: {cut:.0f} cm2 of brain on one of its faces"
            )
        reasons = {index: "not found" for index in range(1, self.num_classes) if not volume[index]}
        for right, left in self.pairs:
            mean = (volume[left] + volume[right]) / 2
            if (
                left not in reasons
                and right not in reasons
                and abs(volume[left] - volume[right]) > self.asymmetry * mean
            ):
                difference = f"left {volume[left]:.2f} ml, right {volume[right]:.2f} ml: the sides differ too much"
                reasons |= {left: difference, right: difference}
        for index, unusual in self._unusual_volumes(volume).items():
            if volume[index]:
                reasons[index] = f"{reasons[index]}; {unusual}" if index in reasons else unusual
        return reasons

    def _unusual_volumes(self, volume: np.ndarray) -> dict[int, str]:
        """Structures whose volume no healthy adult has in a brain of this size, both sides of a pair together."""
        brain = volume[1:].sum()
        pairs = [(left, right) for right, left in self.pairs]
        alone = [(index,) for index in range(1, self.num_classes) if not any(index in pair for pair in pairs)]
        reasons: dict[int, str] = {}
        for indices in (*pairs, *alone):
            expected = [ml for index in indices if (ml := self.structures[index].volume_ml) is not None]
            if len(expected) < len(indices):
                continue
            low, median, high = np.sum(expected, axis=0) * brain / TYPICAL_BRAIN_ML
            if not low <= (found := volume[list(indices)].sum()) <= high:
                together = " both sides together" if len(indices) > 1 else ""
                reason = (
                    f"{_rounded(found)} ml{together}; 95 % of adults have {_rounded(low)} to {_rounded(high)} ml in a "
                    f"brain of {brain:.0f} ml, half less than {_rounded(median)} ml"
                )
                reasons |= dict.fromkeys(indices, reason)
        return reasons

    @staticmethod
    def _largest_cut_cm2(classes: np.ndarray, spacing: np.ndarray) -> float:
        areas = []
        for axis in range(3):
            pixel_cm2 = float(np.prod(np.delete(spacing, axis))) / 100
            areas += [np.count_nonzero(np.moveaxis(classes, axis, 0)[face]) * pixel_cm2 for face in (0, -1)]
        return max(areas)
