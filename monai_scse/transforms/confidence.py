"""How sure a network is of each structure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform

__all__ = ["CONFIDENCE_KEY", "NoteConfidenced"]

#: Entry of the meta data of a segmentation: for each class index that occurs, how sure the network is of it.
CONFIDENCE_KEY = "confidence"


class NoteConfidenced(MapTransform):
    """Take the probabilities off a segmentation, and note each structure's mean of them in the meta data.

    The confidence of a structure is the mean softmax probability of the voxels that were given to it: what share of
    them the network expects to be right.

    Args:
        keys: class indices and their probabilities, (2, x, y, z), as the inferers give them with ``confidence=True``.
            They come back as class indices, (1, x, y, z).
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
            confidence = {i: float(total[i] / voxels[i]) for i in range(1, len(voxels)) if voxels[i]}
            for volume in (classes, data.get(self.image_key)):
                if isinstance(volume, MetaTensor):
                    volume.meta[CONFIDENCE_KEY] = confidence
            noted[key] = classes
        return noted
