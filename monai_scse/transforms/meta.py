"""Notes in the meta data of a volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monai.data import MetaTensor

__all__ = ["with_meta"]


def with_meta(volume: MetaTensor, entries: Mapping[str, Any]) -> MetaTensor:
    """A volume with further entries in its meta data, for transforms that must not change their input.

    Args:
        volume: stays as it is. The result shares its voxels.
        entries: added to a copy of the meta data.

    Example:
        >>> import torch
        >>> volume = MetaTensor(torch.zeros(1, 2, 2, 2))
        >>> with_meta(volume, {"qc": {}}).meta["qc"], "qc" in volume.meta
        ({}, False)
    """
    noted = MetaTensor(volume.as_tensor()).copy_meta_from(volume)
    noted.meta.update(entries)
    return noted
