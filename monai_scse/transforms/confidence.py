"""How sure a network is of each structure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..runtime.arguments import check_name, check_number
from .meta import with_meta

__all__ = ["AGREEMENT_KEY", "CONFIDENCE_KEY", "UNSURE_INSIDE_KEY", "RecordConfidenced", "unsure_classes"]

#: Entry of the meta data of a segmentation: for each class index that occurs, how sure the network is of it.
CONFIDENCE_KEY = "confidence"
#: Entry of the meta data of a segmentation: Dice with that of the mirror image. It holds each class index that occurs
#: in slices that are segmented mirrored, too.
AGREEMENT_KEY = "agreement"
#: Entry of the meta data of a segmentation: for each class index, the share of its inner voxels of which the network is
#: not sure, and the inner volume in ml.
UNSURE_INSIDE_KEY = "unsure_inside"
_SURE = 0.8  # probability of a voxel


class RecordConfidenced(MapTransform):
    """Keep the class indices of a segmentation, and note in the meta data how sure the network is of each structure.

    Confidence is the mean softmax probability of the voxels of the structure. It is the share of them that the network
    expects to be right. At the border every network is unsure. Inside a large organ it is unsure where something else
    may have been taken for the organ. Agreement is Dice of the structure and the one that the network finds in the
    mirror image, over the slices that are segmented mirrored, too. MONAI has no transform that does this.

    Args:
        keys: class indices and their probabilities, (2, x, y, z), as the inferers give them with ``confidence=True``,
            and as a third channel what :class:`monai_scse.inferers.MirrorAgreementInferer` adds. They come back as
            class indices, (1, x, y, z).
        inside_mm: how deep inside a voxel lies if all voxels at this distance along the axes are of its class. Of them
            :data:`UNSURE_INSIDE_KEY` is noted: the share whose probability is below 0.8. 0 leaves it out.
        image_key: the scan, which receives the same notes, since inverting the preprocessing gives its meta data to the
            segmentation.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> pred = MetaTensor(torch.tensor([0.0, 1, 1, 1, 0.9, 0.5, 0.6, 0.7]).view(2, 4, 1, 1))
        >>> noted = RecordConfidenced("pred")({"pred": pred})["pred"]
        >>> noted.shape[0], round(noted.meta["confidence"][1], 3)
        (1, 0.6)
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        image_key: str = "image",
        inside_mm: float = 0.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_name("image_key", image_key)
        check_number("inside_mm", inside_mm, 0)
        self.image_key = image_key
        self.inside_mm = inside_mm

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        noted = dict(data)
        for key in self.key_iterator(data):
            classes = data[key][:1]
            index, probability = (torch.as_tensor(channel).flatten() for channel in data[key][:2])
            count = int(index.max()) + 1
            voxels, total = _sums(index, count), _sums(index, count, probability)
            found = [i for i in range(1, len(voxels)) if voxels[i]]
            measures: dict[str, dict[int, Any]] = {CONFIDENCE_KEY: {i: float(total[i] / voxels[i]) for i in found}}
            if self.inside_mm:
                measures[UNSURE_INSIDE_KEY] = _unsure_inside(data[key], self.inside_mm, count)
            if data[key].shape[0] > 2:
                other = torch.as_tensor(data[key][2]).flatten()
                index, other = index[other >= 0], other[other >= 0]
                parts = (index, other, index[index == other])
                straight, mirrored, both = (_sums(part, count) for part in parts)
                measures[AGREEMENT_KEY] = {
                    i: float(2 * both[i] / either) for i in found if (either := straight[i] + mirrored[i])
                }
            noted[key] = classes
            for name in (key, self.image_key):
                if isinstance(noted.get(name), MetaTensor):
                    noted[name] = with_meta(noted[name], measures)
        return noted


def _unsure_inside(pred: MetaTensor, depth_mm: float, count: int) -> dict[int, tuple[float, float]]:
    """Share of the inner voxels of which the network is unsure, and inner volume in ml, of each class that has some."""
    axes = pred.affine[:3, :3].float().cpu()
    depths = [max(math.ceil(depth_mm / step), 1) for step in axes.norm(dim=0).tolist()]
    if any(size <= 2 * depth for size, depth in zip(pred.shape[1:], depths)):
        return {}
    core = tuple(slice(depth, -depth) for depth in depths)
    classes, probability = torch.as_tensor(pred[0]).to(torch.uint8), torch.as_tensor(pred[1])[core]
    inner = classes[core] > 0
    for axis, depth in enumerate(depths):
        for shift in (0, 2 * depth):
            beside = (*core[:axis], slice(shift, shift + inner.shape[axis]), *core[axis + 1 :])
            inner &= classes[beside] == classes[core]
    index, sure = classes[core][inner], probability[inner] >= _SURE
    voxels, unsure = _sums(index, count), _sums(index[~sure], count)
    voxel_ml = float(torch.linalg.det(axes).abs()) / 1000
    return {i: (float(unsure[i] / voxels[i]), float(voxels[i]) * voxel_ml) for i in range(1, count) if voxels[i]}


def _sums(index: torch.Tensor, count: int, weights: torch.Tensor | None = None) -> torch.Tensor:
    """Sum of the weights of the first classes, or number of their voxels, in parts: each takes int64 and float64."""
    total = torch.zeros(count, dtype=torch.int64 if weights is None else torch.float64, device=index.device)
    for start in range(0, len(index), 2**20):
        part = slice(start, start + 2**20)
        share = None if weights is None else weights[part].double()
        total += torch.bincount(index[part].long(), weights=share, minlength=count)[:count]
    return total


def unsure_classes(meta: Mapping[str, Any], least: Mapping[str, float]) -> dict[int, str]:
    """The classes of which the network is less sure than expected, and why.

    Args:
        meta: meta data of a segmentation that went through :class:`RecordConfidenced`. In any other no class is
            unsure.
        least: expected at least, by :data:`CONFIDENCE_KEY` and :data:`AGREEMENT_KEY`.
    """
    reasons: dict[int, str] = {}
    for measure, expected in least.items():
        for index, value in meta.get(measure, {}).items():
            if value < expected:
                reasons.setdefault(index, f"unsure: {measure} {value:.2f}, expected {expected:g}")
    return reasons
