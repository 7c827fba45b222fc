"""Organ labels from whatever a data set has: numbered label maps, or a mask file an organ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform
from monai.utils import ImageMetaKey

from ..labels import mark_unknown_classes, organ_protocol, organ_table
from ..runtime import InputError
from ..runtime.arguments import check_name
from .labels import map_labels
from .scans import LoadScand, check_same_grid, file_of

__all__ = ["LoadOrganLabelsd"]

# how far the two values of a mask may be off, where they were stored with a slope
_ROUNDING = 1e-3


class LoadOrganLabelsd(MapTransform):
    """Load the label of a case of :func:`monai_scse.data.organ_cases` as class indices.

    Structures of a numbering that belong to no organ of the table become background. Organs without annotation are
    marked as unknown, see :func:`monai_scse.labels.mark_unknown_classes`. Nearest is MONAI's ``LoadImaged``, which
    reads one file a label.

    Args:
        keys: the label entries: a file, or a dictionary from organs to lists of mask files.
        organs: the organ table, see :func:`monai_scse.labels.organ_table`.
        label_numbers: what the numbers of a label file mean: ``"classes"`` or a key of the organ table.
        image_key: the entry of the image, loaded before, that the masks lie on.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when a file cannot be read or does not lie on the grid of the image.
        InputError: when a value is no label, no voxel of a label map is labelled, or a mask is not one organ.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        organs: Sequence[Mapping[str, Any]],
        label_numbers: str = "classes",
        image_key: str = "image",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_name("image_key", image_key)
        self.organs = organ_table(organs)
        self.protocol = organ_protocol(self.organs, label_numbers)
        self.image_key = image_key
        self._load = LoadScand("label", image_key=None)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        loaded = dict(data)
        for key in self.key_iterator(data):
            read = self._from_masks if isinstance(data[key], Mapping) else self._from_numbers
            loaded[key] = read(data[key], data[self.image_key])
        return loaded

    def _read(self, file: str, image: torch.Tensor) -> MetaTensor:
        label: MetaTensor = self._load({"label": file})["label"]
        check_same_grid(label, image)
        return label

    def _from_numbers(self, file: str, image: torch.Tensor) -> torch.Tensor:
        classes = map_labels(self._read(file, image), self.protocol)
        annotated = set(self.protocol.class_of_label.values())
        unknown = [index for index in range(1, len(self.organs)) if index not in annotated]
        return mark_unknown_classes(classes, unknown)

    def _from_masks(self, masks: Mapping[str, Sequence[str]], image: torch.Tensor) -> torch.Tensor:
        classes = torch.zeros(image.shape, dtype=torch.int32)
        unknown = []
        for index, organ in enumerate(self.organs[1:], start=1):
            if organ.name not in masks:
                unknown.append(index)
            for file in masks.get(organ.name, ()):
                classes[self._mask(file, image)] = index
        label = MetaTensor(mark_unknown_classes(classes, unknown)).copy_meta_from(image)
        label.meta[ImageMetaKey.FILENAME_OR_OBJ] = file_of(image)
        return label

    def _mask(self, file: str, image: torch.Tensor) -> torch.Tensor:
        values = self._read(file, image).as_tensor()
        high = float(values.max())
        inside = (values - high).abs() <= _ROUNDING
        other = values[~inside & (values.abs() > _ROUNDING)]
        if high < 0 or other.numel():
            shown = float(other[0]) if other.numel() else high
            raise InputError(
                f"{file}: a mask holds 0 and one positive number, and this file {shown:g} too; give one organ a file, "
                "resampled with nearest neighbours."
            )
        return inside & (values > _ROUNDING)
