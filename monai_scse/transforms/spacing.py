"""Resampling to the voxels of a network."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data.utils import affine_to_spacing
from monai.transforms import MapTransform, Spacingd
from monai.utils import convert_to_dst_type, convert_to_numpy

from ..runtime.arguments import check_list, check_number
from .resampling import LeanResample

__all__ = ["AntiAliasd", "SpacingIgnoringExtraKeysd"]


class AntiAliasd(MapTransform):
    """Smooth scans whose voxels are smaller than those that ``Spacingd`` makes next.

    ``Spacingd`` interpolates between the nearest voxels and leaves out those between. The noise of a scan of small
    voxels stays as strong as it is. A Gaussian of (factor - 1) / 2 voxels along each axis averages it first.
    Nearest is MONAI's ``Resize`` with ``anti_aliasing=True``, which takes a number of voxels and not their size.

    Args:
        keys: scans, (channels, x, y, z), with their affine.
        pixdim: voxel size in mm that ``Spacingd`` resamples to. Larger voxels stay as they are.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when these are not three positive voxel sizes.

    Example:
        >>> from monai.data import MetaTensor
        >>> scan = MetaTensor(torch.randn(1, 40, 40, 40), affine=torch.eye(4))
        >>> bool(AntiAliasd("image", pixdim=(3, 3, 1))({"image": scan})["image"].std() < 0.4)
        True
    """

    def __init__(self, keys: str | Sequence[str], pixdim: Sequence[float], allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        check_list("pixdim", pixdim, 3)
        for size in pixdim:
            check_number("pixdim", size, 0, above=True)
        self.pixdim = pixdim

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        from scipy.ndimage import gaussian_filter1d

        smoothed = dict(data)
        for key in self.key_iterator(data):
            scan = np.array(convert_to_numpy(data[key]), dtype=np.float32, order="C")  # a copy, smoothed in place
            factors = np.array(self.pixdim) / convert_to_numpy(affine_to_spacing(data[key].affine))
            for axis, factor in enumerate(factors, start=1):
                if factor > 1:
                    gaussian_filter1d(scan, (factor - 1) / 2, axis, output=scan, mode="nearest", truncate=3)
            smoothed[key] = convert_to_dst_type(scan, data[key])[0]
        return smoothed


class SpacingIgnoringExtraKeysd(Spacingd):
    """MONAI's ``Spacingd`` in little memory, also for samples with other entries whose names begin like the image's.

    :class:`monai_scse.transforms.LeanResample` resamples, there and back. ``Spacingd`` takes every entry such as
    ``image_path`` for a dictionary of meta data and fails when it is none. MONAI Label adds ``image_path``, a string,
    to each sample.

    Args: those of ``Spacingd``.

    Example:
        >>> sample = {"image": torch.ones(1, 4, 4, 4), "image_path": "ct.nii.gz"}
        >>> SpacingIgnoringExtraKeysd("image", pixdim=(2, 2, 2))(sample)["image_path"]
        'ct.nii.gz'
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spacing_transform.sp_resample = LeanResample(lazy=self.lazy)

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
