"""Transforms of label maps: protocol mapping, and flips that exchange left and right."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform, RandomizableTransform

from ..labels import LabelProtocol, Structure, label_protocol, mirrored_classes
from ..runtime import InputError
from ..runtime.arguments import check_number, check_whole
from .scans import file_of

__all__ = ["MapLabelsd", "RandLateralFlipd", "map_labels"]

_logger = logging.getLogger(__name__)


def map_labels(label: torch.Tensor, protocol: LabelProtocol, key: Hashable = "label") -> torch.Tensor:
    """The label numbers of a scan, named by its file or its key, as class indices.

    A map that has numbers of the protocol, and none of a structure to learn, is reported in the log.

    Raises:
        InputError: when a value is no label of the protocol, or no voxel is labelled.
    """
    numbers, file = np.asarray(label), file_of(label, str(key))
    classes = torch.from_numpy(protocol.to_classes(numbers, file))
    if not bool(classes.any()):
        if not numbers.any():
            raise InputError(f"{file}: empty, no voxel is labelled; label the scan or remove the case.")
        if protocol.others_are_background:
            raise InputError(
                f"{file}: none of its labels is one of {protocol.name!r} in the table; correct the file or "
                f"{protocol.choice}."
            )
        _logger.warning(f"{file}: labelled, and every label is background in {protocol.name!r}.")
    return MetaTensor(classes).copy_meta_from(label) if isinstance(label, MetaTensor) else classes


class MapLabelsd(MapTransform):
    """Replace the label numbers of a protocol by class indices.

    Nearest is MONAI's ``MapLabelValued``, which leaves numbers that it does not know as they are.

    Args:
        keys: the label entries.
        protocol: name of the protocol, see :func:`monai_scse.labels.label_protocol`.
        structures: the classes, index 0 is background.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when the protocol does not exist, a value is no label of it, or no voxel is labelled.

    Example:
        >>> from monai_scse.labels import structure_table
        >>> table = structure_table([{"name": "brainstem", "colour": [119, 159, 176]}])
        >>> MapLabelsd("label", "neuromorphometrics", table)({"label": torch.tensor([[0, 45, 35, 48]])})["label"]
        tensor([[0, 0, 1, 0]], dtype=torch.uint8)
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        protocol: str,
        structures: Sequence[Structure],
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.protocol = label_protocol(protocol, structures)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        mapped = dict(data)
        for key in self.key_iterator(data):
            mapped[key] = map_labels(data[key], self.protocol, key)
        return mapped


class RandLateralFlipd(RandomizableTransform, MapTransform):
    """Mirror image and label from left to right and exchange the left and right structures of the label.

    Nearest is MONAI's ``RandFlipd``, which keeps the classes: a left structure would lie on the right.

    Args:
        keys: the entries to mirror, (channels, *spatial).
        structures: the classes, index 0 is background, whose "left ..." and "right ..." make the pairs.
        label_key: the one that holds class indices.
        spatial_axis: the left-right axis, counted without the channel. It is -1 where the channels are slices from left
            to right.
        prob: probability of mirroring.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        ValueError: when ``label_key`` is none of ``keys``.

    Example:
        >>> from monai_scse.labels import structure_table
        >>> table = structure_table([{"name": f"{side} lung", "colour": [0, 0, 9]} for side in ("left", "right")])
        >>> flip = RandLateralFlipd(["label"], table, prob=1.0)
        >>> flip({"label": torch.tensor([[[1], [1], [0]]])})["label"].flatten().tolist()
        [0, 2, 2]
    """

    def __init__(
        self,
        keys: Sequence[str],
        structures: Sequence[Structure],
        label_key: str = "label",
        spatial_axis: int = 0,
        prob: float = 0.5,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        check_number("prob", prob, 0, 1)
        check_whole("spatial_axis", spatial_axis, -1)
        RandomizableTransform.__init__(self, prob)
        if label_key not in self.keys:
            raise ValueError(f"label_key must be one of keys={self.keys}, got {label_key!r}.")
        self.label_key = label_key
        self.axis = spatial_axis + 1
        self.mirrored_class = torch.tensor(mirrored_classes(structures), dtype=torch.uint8)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize(None)
        flipped = dict(data)
        if self._do_transform:
            for key in self.key_iterator(data):
                check_whole("spatial_axis", self.axis - 1, -1, data[key].ndim - 2)
                flipped[key] = data[key].flip(self.axis)
                if key == self.label_key:
                    flipped[key] = self.mirrored_class.to(data[key].device)[flipped[key].long()]
        return flipped
