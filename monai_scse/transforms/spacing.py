"""Resampling that leaves the entries of others alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.transforms import Spacingd

__all__ = ["ServerSafeSpacingd"]


class ServerSafeSpacingd(Spacingd):
    """MONAI's ``Spacingd``, also for samples with other entries whose names begin like the image's.

    From MONAI 1.6.0 on ``Spacingd`` takes every entry such as ``image_path`` for a dictionary of meta data and fails
    when it is none. MONAI Label adds ``image_path``, a string, to each sample.

    Args: those of ``Spacingd``.

    Example:
        >>> sample = {"image": torch.ones(1, 4, 4, 4), "image_path": "ct.nii.gz"}
        >>> ServerSafeSpacingd("image", pixdim=(2, 2, 2))(sample)["image_path"]
        'ct.nii.gz'
    """

    def __call__(self, data: Mapping[Hashable, Any], lazy: bool | None = None) -> dict[Hashable, Any]:
        hidden = {
            name: value
            for name, value in data.items()
            if not isinstance(value, Mapping)
            and any(str(name).startswith(f"{key}_") for key in self.key_iterator(data))
        }
        resampled: dict[Hashable, torch.Tensor] = super().__call__(
            {name: value for name, value in data.items() if name not in hidden}, lazy
        )
        return {**resampled, **hidden}
