"""Quality control of a torso: organs that cannot be right are removed or flagged."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type

from ..runtime.arguments import check_name, check_number, check_numbers, check_range
from .confidence import CONFIDENCE_KEY, unsure_classes
from .meta import with_meta

__all__ = ["QC_KEY", "TorsoQCd", "note_doubts", "torso"]

#: Entry of the meta data of a segmentation: for each class index that is removed or doubtful, why.
QC_KEY = "qc"


def note_doubts(data: dict[Hashable, Any], keys: Sequence[Hashable], doubts: Mapping[int, str]) -> None:
    """Add doubts to those that stand in the meta data of volumes, entry :data:`QC_KEY`.

    Args:
        data: its volumes are replaced by ones that share their voxels.
        keys: those that may have meta data.
        doubts: why each class should not be trusted.
    """
    for key in keys:
        if isinstance(data.get(key), MetaTensor):
            noted = dict(data[key].meta.get(QC_KEY, {}))
            for index, why in doubts.items():
                noted[index] = f"{noted[index]}; {why}" if index in noted else why
            data[key] = with_meta(data[key], {QC_KEY: noted})


def torso(above: np.ndarray) -> np.ndarray:
    """The body without table, sheets and arms that lie apart, lungs and gas included.

    Args:
        above: voxels denser than air, bool, (x, y, z), z along the body.

    Returns:
        The largest connected part without thin ones, and what lies between its first and last voxel both along x and
        along y.
    """
    from scipy.ndimage import binary_opening, label

    beyond = ((0, 0), (0, 0), (2, 2))  # the body goes on beyond the first and the last slice
    parts, count = label(binary_opening(np.pad(above, beyond, mode="edge"), iterations=1)[..., 2:-2])
    if not count:
        return np.zeros_like(above)
    body = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    return _between(body, 0) & _between(body, 1)


def _between(body: np.ndarray, axis: int) -> np.ndarray:
    """Voxels between the first and the last one of the body along an axis."""
    return np.maximum.accumulate(body, axis) & np.flip(np.maximum.accumulate(np.flip(body, axis), axis), axis)


class TorsoQCd(MapTransform):
    """Empty the classes that cannot be what they are called, and note why in the meta data, entry :data:`QC_KEY`.

    Whatever lies outside the body goes, as air between the shells of a table looks like lung. A class goes when its
    volume is below its minimum. One that reaches the first or the last slice along the body is cut off: it stays, and
    is noted. All classes go when the scan is no torso of an adult. A head has no section of :attr:`MIN_SECTION_CM2`,
    arms and table aside. A phantom has less fat than :attr:`MIN_FAT_SHARE`. When no class remains, all are noted. A
    class of which the network is unsure stays, and is noted (behind :class:`monai_scse.transforms.RecordConfidenced`).

    Nearest is MONAI's ``RemoveSmallObjectsd``, which knows neither the body nor the end of a scan, and gives no reason.

    Args:
        keys: class indices, (1, x, y, z).
        names: of the classes, index 0 is background.
        min_volume_ml: smallest volume of a whole organ, by its name. Names that are not in ``names`` do not matter.
        image_key: the scan, (channels, x, y, z), on the same grid. Of several channels the middle one is used.
        body_threshold: values of the scan above it are body.
        fat: lowest and highest value of fat in the scan.
        min_confidence: a class of which the network is less sure is noted. 0 sets no limit.
        allow_missing_keys: whether a missing key is no error.
    """

    #: area of a torso's largest section
    MIN_SECTION_CM2 = 280.0
    #: fat in a torso, as a share of its volume
    MIN_FAT_SHARE = 0.03

    def __init__(
        self,
        keys: str | Sequence[str],
        names: Sequence[str],
        min_volume_ml: Mapping[str, float],
        image_key: str = "image",
        body_threshold: float = 0.0,
        fat: tuple[float, float] = (0.1, 0.34),
        min_confidence: float = 0.8,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_name("image_key", image_key)
        check_number("body_threshold", body_threshold)
        check_range("fat", fat)
        check_number("min_confidence", min_confidence, 0, 1)
        check_numbers("min_volume_ml", min_volume_ml, 0)
        self.min_volume_ml = {index: float(min_volume_ml.get(name, 0.0)) for index, name in enumerate(names) if index}
        self.image_key = image_key
        self.body_threshold = body_threshold
        self.fat = fat
        self.least = {CONFIDENCE_KEY: min_confidence}

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        checked = dict(data)
        image = data[self.image_key]
        affine = np.asarray(image.affine.cpu())
        along = int(abs(affine[2, :3]).argmax())
        voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
        scan = np.moveaxis(image[image.shape[0] // 2].cpu().numpy(), along, -1)
        body = torso(scan > self.body_threshold)
        refused = self._refusal(scan, body, 10 * voxel_ml / np.linalg.norm(affine[:3, along]))
        for key in self.key_iterator(data):
            classes = data[key].cpu().numpy()[0].copy()
            lengthwise = np.moveaxis(classes, along, -1)  # a view
            lengthwise[~body] = 0
            reasons, doubts = self._reasons(lengthwise, voxel_ml, refused)
            classes[np.isin(classes, list(reasons))] = 0
            reasons |= doubts
            result = convert_to_dst_type(classes[None], data[key])[0]
            earlier: Mapping[int, str] = {}
            if isinstance(data[key], MetaTensor):
                unsure, earlier = unsure_classes(data[key].meta, self.least), data[key].meta.get(QC_KEY, {})
                reasons |= {index: why for index, why in unsure.items() if (classes == index).any()}
            checked[key] = result
            both = (key, self.image_key)  # inverting the preprocessing takes the meta data from the image
            for name in both:
                if isinstance(checked[name], MetaTensor):
                    checked[name] = with_meta(checked[name], {QC_KEY: reasons})
            note_doubts(checked, both, {index: why for index, why in earlier.items() if (classes == index).any()})
        return checked

    def _refusal(self, scan: np.ndarray, body: np.ndarray, voxel_cm2: float) -> str | None:
        """Why the scan is no torso, or None."""
        if not body.any():
            return "no body in the scan"
        section = float(body.sum(axis=(0, 1)).max()) * voxel_cm2
        if section < self.MIN_SECTION_CM2:
            return f"no torso of an adult: largest section {section:.0f} cm2, expected {self.MIN_SECTION_CM2:g}"
        dense = body & (scan > self.body_threshold)
        share = float((dense & (scan > self.fat[0]) & (scan < self.fat[1])).sum() / dense.sum())
        if share < self.MIN_FAT_SHARE:
            return f"no body: {100 * share:.1f} % fat, expected {100 * self.MIN_FAT_SHARE:g} %"
        return None

    def _reasons(
        self, classes: np.ndarray, voxel_ml: float, refused: str | None
    ) -> tuple[dict[int, str], dict[int, str]]:
        """Why classes are to go, and why others are doubtful."""
        if refused is not None:
            return dict.fromkeys(self.min_volume_ml, refused), {}
        cut = set(np.unique(classes[..., [0, -1]]).astype(int))
        voxels = np.bincount(classes.astype(np.int64).ravel(), minlength=len(self.min_volume_ml) + 1)
        removed: dict[int, str] = {}
        doubts: dict[int, str] = {}
        for index, least in self.min_volume_ml.items():
            if 0 < (found := voxels[index] * voxel_ml) < least:
                volume = f"{found:.1f} ml, at least {least:g} ml expected"
                if index in cut:
                    doubts[index] = f"cut off by the scan: {volume} of a whole one"
                else:
                    removed[index] = f"removed: {volume}"
        if any(voxels[index] and index not in removed for index in self.min_volume_ml):
            return removed, doubts
        return dict.fromkeys(self.min_volume_ml, "no organ found in the scan") | removed, doubts
