"""Label maps of whole heads, prepared for images that are drawn from them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from torch.nn.functional import avg_pool3d, interpolate

from ..labels import Structure
from ..runtime.arguments import check_whole
from ..transforms.structure_variation import class_indices

__all__ = ["BrainDistanced", "GrowClassesd"]

_FLUID, _OUTSIDE = 24, 500  # cerebrospinal fluid, and the first number outside the brain
_SULCUS = 4.0  # mm: the brain is closed over gaps of twice this
_REACH, _EVERY = 2.0, 6  # of the sample: mm outside the brain, and voxels from one to the next


class BrainDistanced(MapTransform):
    """Add how far each voxel of a head lies from its brain, with the sulci filled, and a sample of the brain.

    MONAI's ``DistanceTransformEDTd`` is nearest: it knows no inside and outside at once.

    Args:
        keys: label maps with the numbers of :mod:`.contrast`, (1, x, y, z), voxels of 1 mm.
        distance_key: entry that receives the distance in whole mm, int8, negative within the brain.
        sample_key: entry that receives the numbers of every sixth voxel of the box around the brain, int16, -1 for
            voxels more than 2 mm outside the brain.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> numbers = torch.zeros(1, 30, 30, 30)
        >>> numbers[:, 8:22, 8:22, 8:22] = 3
        >>> BrainDistanced("image")({"image": numbers})["distance"][0, 5:11, 15, 15].tolist()
        [2, 2, 0, 0, -2, -2]
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        distance_key: str = "distance",
        sample_key: str = "sample",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.distance_key = distance_key
        self.sample_key = sample_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        from scipy.ndimage import distance_transform_edt, find_objects

        measured = dict(data)
        for key in self.key_iterator(data):
            numbers = torch.as_tensor(data[key][0]).numpy().astype(np.int16)
            brain = (numbers > 0) & (numbers < _OUTSIDE) & (numbers != _FLUID)
            voxels = torch.from_numpy(brain.astype(np.float32))[None, None]
            half = avg_pool3d(voxels, 2, ceil_mode=True)[0, 0].numpy() > 0.4  # takes an eighth of the time
            outside = distance_transform_edt(~half, sampling=2)
            grown = outside <= _SULCUS
            signed = np.where(grown, _SULCUS + 1 - distance_transform_edt(grown, sampling=2), outside)
            coarse = torch.from_numpy(signed.astype(np.float32))[None, None]
            signed = interpolate(coarse, scale_factor=2, mode="trilinear")[0, 0].numpy()
            signed = signed[tuple(slice(length) for length in brain.shape)]
            kept = signed <= _REACH
            box = tuple(slice(side.start, side.stop, _EVERY) for side in find_objects(kept.astype(np.uint8))[0])
            measured[self.distance_key] = torch.from_numpy(signed.round().clip(-100, 100).astype(np.int8)[None])
            measured[self.sample_key] = torch.from_numpy(np.where(kept, numbers, np.int16(-1))[box].copy())
        return measured


class GrowClassesd(MapTransform):
    """Let structures grow into the background, for protocols that draw them wider.

    Neuromorphometrics' cortex reaches a voxel further out than FreeSurfer's. MONAI's transforms of labels know no
    neighbours.

    Args:
        keys: class indices, (1, x, y, z).
        structures: the classes, index 0 is background.
        classes: names of those that grow.
        voxels: how far.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> from monai_scse.labels import structure_table
        >>> table = structure_table([{"name": name, "colour": [9, 9, 9]} for name in ("cortex", "stem")])
        >>> label = torch.tensor([0, 0, 1, 1, 2, 0]).view(1, 6, 1, 1)
        >>> GrowClassesd("label", table, ["cortex"])({"label": label})["label"].flatten().tolist()
        [0, 1, 1, 1, 2, 0]
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        structures: Sequence[Structure],
        classes: Sequence[str],
        voxels: int = 1,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_whole("voxels", voxels, 1)
        self.classes = class_indices("classes", structures, classes)
        self.voxels = voxels

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        from scipy.ndimage import binary_dilation

        grown = dict(data)
        for key in self.key_iterator(data):
            label = torch.as_tensor(data[key][0]).numpy()
            wider = label.copy()
            for number in self.classes:
                around = binary_dilation(label == number, iterations=self.voxels)
                wider[around & (label == 0)] = number
            grown[key] = convert_to_dst_type(wider[None], data[key])[0]
        return grown
