"""Organ labels from whatever a data set has: numbered label maps, or a mask file an organ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, cast

import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform
from monai.utils import ImageMetaKey

from ..labels import Organ, mark_unknown_classes, organ_table
from ..runtime import InputError
from .scans import LoadScand, check_same_grid, file_of

__all__ = ["LoadOrganLabelsd"]


class LoadOrganLabelsd(MapTransform):
    """Load the label of a case of :func:`monai_scse.data.organ_cases` as class indices.

    Numbers of another numbering that belong to no organ of the table become background. Organs without annotation are
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
        InputError: when a label map holds no label, or one beyond the table.
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
        self.organs = cast(Sequence[Organ], organ_table(organs)[1:])
        self.label_numbers = label_numbers
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
        numbers = self._read(file, image)
        if not bool(numbers.any()):
            raise InputError(f"{file}: empty, no voxel is labelled; label the scan or remove the case.")
        if self.label_numbers == "classes" and int(numbers.max()) > len(self.organs):
            raise InputError(
                f"{file}: label {int(numbers.max())} is beyond the {len(self.organs)} organs of the table; correct the "
                "label, or name the numbering of the file with label_numbers."
            )
        classes = torch.zeros(numbers.shape, dtype=torch.int32)
        unknown = []
        for index, organ in enumerate(self.organs, start=1):
            its_numbers = (index,) if self.label_numbers == "classes" else organ.numbers.get(self.label_numbers, ())
            if its_numbers:
                classes[torch.isin(numbers.as_tensor(), torch.tensor(its_numbers, dtype=numbers.dtype))] = index
            else:
                unknown.append(index)
        return MetaTensor(mark_unknown_classes(classes, unknown)).copy_meta_from(numbers)

    def _from_masks(self, masks: Mapping[str, Sequence[str]], image: torch.Tensor) -> torch.Tensor:
        classes = torch.zeros(image.shape, dtype=torch.int32)
        unknown = []
        for index, organ in enumerate(self.organs, start=1):
            if organ.name not in masks:
                unknown.append(index)
            for file in masks.get(organ.name, ()):
                classes[self._read(file, image).as_tensor() > 0] = index
        label = MetaTensor(mark_unknown_classes(classes, unknown)).copy_meta_from(image)
        label.meta[ImageMetaKey.FILENAME_OR_OBJ] = file_of(image)
        return label
