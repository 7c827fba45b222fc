"""How sure a network is of each structure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform

__all__ = ["AGREEMENT_KEY", "CONFIDENCE_KEY", "RecordConfidenced", "unsure_classes"]

#: Entry of the meta data of a segmentation: for each class index that occurs, how sure the network is of it.
CONFIDENCE_KEY = "confidence"
#: Entry of the meta data of a segmentation: Dice with that of the mirror image, for each class index that occurs in
#: slices that were looked at mirrored.
AGREEMENT_KEY = "agreement"


class RecordConfidenced(MapTransform):
    """Take off a segmentation what tells how sure the network is, and note it for each structure in the meta data.

    Confidence is the mean softmax probability of the voxels that were given to the structure: what share of them the
    network expects to be right. Agreement is Dice of the structure and the one that the network finds in the mirror
    image, over the slices of which it was looked at.

    Args:
        keys: class indices and their probabilities, (2, x, y, z), as the inferers give them with ``confidence=True``,
            and as a third channel what :class:`monai_scse.inferers.MirrorAgreementInferer` adds. They come back as
            class indices, (1, x, y, z).
        image_key: the scan, whose meta data inverting the preprocessing gives to the segmentation.
    """

    def __init__(self, keys: str | Sequence[str], image_key: str = "image") -> None:
        super().__init__(keys)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        noted = dict(data)
        for key in self.key_iterator(data):
            classes, probability = data[key][:1], torch.as_tensor(data[key][1]).flatten().double()
            index = torch.as_tensor(classes).flatten().long()
            voxels, total = torch.bincount(index), torch.bincount(index, weights=probability)
            found = [i for i in range(1, len(voxels)) if voxels[i]]
            measures = {CONFIDENCE_KEY: {i: float(total[i] / voxels[i]) for i in found}}
            if data[key].shape[0] > 2:
                other = torch.as_tensor(data[key][2]).flatten().long()
                index, other = index[other >= 0], other[other >= 0]
                parts = (index, other, index[index == other])
                seen, mirrored, both = (torch.bincount(part, minlength=len(voxels)) for part in parts)
                measures[AGREEMENT_KEY] = {
                    i: float(2 * both[i] / either) for i in found if (either := seen[i] + mirrored[i])
                }
            for volume in (classes, data.get(self.image_key)):
                if isinstance(volume, MetaTensor):
                    volume.meta.update(measures)
            noted[key] = classes
        return noted


def unsure_classes(meta: Mapping[str, Any], least: Mapping[str, float]) -> dict[int, str]:
    """The classes of which the network is less sure than expected, and why.

    Args:
        meta: meta data of a segmentation that went through :class:`RecordConfidenced`; in any other,
            no class is unsure.
        least: expected at least, by :data:`CONFIDENCE_KEY` and :data:`AGREEMENT_KEY`.
    """
    reasons: dict[int, str] = {}
    for measure, expected in least.items():
        for index, value in meta.get(measure, {}).items():
            if value < expected:
                reasons.setdefault(index, f"unsure: {measure} {value:.2f}, expected {expected:g}")
    return reasons
