"""How sure a network is of each structure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..runtime.arguments import check_name
from .meta import with_meta

__all__ = ["AGREEMENT_KEY", "CONFIDENCE_KEY", "RecordConfidenced", "unsure_classes"]

#: Entry of the meta data of a segmentation: for each class index that occurs, how sure the network is of it.
CONFIDENCE_KEY = "confidence"
#: Entry of the meta data of a segmentation: Dice with that of the mirror image. It holds each class index that occurs
#: in slices that are segmented mirrored, too.
AGREEMENT_KEY = "agreement"


class RecordConfidenced(MapTransform):
    """Keep the class indices of a segmentation, and note in the meta data how sure the network is of each structure.

    Confidence is the mean softmax probability of the voxels of the structure. It is the share of them that the network
    expects to be right. Agreement is Dice of the structure and the one that the network finds in the mirror image, over
    the slices that are segmented mirrored, too. MONAI has no transform that does this.

    Args:
        keys: class indices and their probabilities, (2, x, y, z), as the inferers give them with ``confidence=True``,
            and as a third channel what :class:`monai_scse.inferers.MirrorAgreementInferer` adds. They come back as
            class indices, (1, x, y, z).
        image_key: the scan, which receives the same notes, since inverting the preprocessing gives its meta data to the
            segmentation.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> pred = MetaTensor(torch.tensor([0.0, 1, 1, 1, 0.9, 0.5, 0.6, 0.7]).view(2, 4, 1, 1))
        >>> noted = RecordConfidenced("pred")({"pred": pred})["pred"]
        >>> noted.shape[0], round(noted.meta["confidence"][1], 3)
        (1, 0.6)
    """

    def __init__(self, keys: str | Sequence[str], image_key: str = "image", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        check_name("image_key", image_key)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        noted = dict(data)
        for key in self.key_iterator(data):
            classes = data[key][:1]
            index, probability = (torch.as_tensor(channel).flatten() for channel in data[key][:2])
            count = int(index.max()) + 1
            voxels, total = _sums(index, count), _sums(index, count, probability)
            found = [i for i in range(1, len(voxels)) if voxels[i]]
            measures = {CONFIDENCE_KEY: {i: float(total[i] / voxels[i]) for i in found}}
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
