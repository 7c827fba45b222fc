"""Loading scans with errors that name the file."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.transforms import LoadImaged, MapTransform
from monai.utils import ImageMetaKey

from ..errors import InputError

__all__ = ["CheckLabelShaped", "LoadScand", "file_of"]


def file_of(image: Any, default: str = "input") -> str:
    """The file that a MetaTensor was loaded from."""
    return str(getattr(image, "meta", {}).get(ImageMetaKey.FILENAME_OR_OBJ, default))


class LoadScand(LoadImaged):
    """MONAI's ``LoadImaged`` for 3D scans, channel first, that reports an unreadable file by its name.

    Args:
        keys: the entries to load.
        image_key: the entry that must not be empty.
        kwargs: further arguments of ``LoadImaged``.

    Raises:
        InputError: when a file cannot be read, is not three-dimensional, or holds NaN or infinite values, or when the
            image has the same value everywhere.
    """

    def __init__(self, keys: str | list[str], image_key: str = "image", **kwargs: Any) -> None:
        super().__init__(keys, image_only=True, ensure_channel_first=True, **kwargs)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any], reader: Any = None) -> dict[Hashable, Any]:
        loaded = dict(data)
        for key in self.key_iterator(data):
            file = str(data[key])
            try:
                image = self._loader(data[key], reader)
            except Exception as error:
                raise InputError(f"{file}: cannot be read as an image; check that the file is complete.") from error
            if image.ndim != 4 or image.shape[0] != 1:
                raise InputError(f"{file}: expected one 3D volume, got the shape {tuple(image.shape)}; split it first.")
            if not bool(torch.isfinite(image).all()):
                raise InputError(f"{file}: holds NaN or infinite values; replace them first.")
            if key == self.image_key and bool(image.min() == image.max()):
                raise InputError(f"{file}: empty, every voxel is {float(image.min()):g}; choose another scan.")
            loaded[key] = image
        return loaded


class CheckLabelShaped(MapTransform):
    """Check that a label volume lies on the grid of its image.

    Args:
        keys: the label entries.
        image_key: the image entry.

    Raises:
        InputError: when the shapes differ.
    """

    def __init__(self, keys: str | list[str], image_key: str = "image") -> None:
        super().__init__(keys)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        image = data[self.image_key]
        for key in self.key_iterator(data):
            if data[key].shape[1:] != image.shape[1:]:
                raise InputError(
                    f"{file_of(data[key], key)}: shape {tuple(data[key].shape[1:])} differs from its image "
                    f"{file_of(image)} {tuple(image.shape[1:])}; resample it to the image."
                )
        return dict(data)
