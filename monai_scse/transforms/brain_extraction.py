"""Whole heads: telling them from skull-stripped scans, and leaving the brain alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import LoadImage, MapTransform, ResampleToMatch

from ..data import IMAGE_SUFFIXES, case_name
from ..runtime import InputError
from .scans import file_of

__all__ = ["SCAN_KEY", "ExtractBraind", "tissue_mask", "tissue_ml", "voxel_ml"]

#: Entry of the meta data of a scan: what it shows, "skull-stripped", "whole head", "masked" or "no brain found".
SCAN_KEY = "scan"


def voxel_ml(image: MetaTensor) -> float:
    """Volume of a voxel in ml."""
    return abs(float(torch.linalg.det(image.affine[:3, :3]))) / 1000


def tissue_mask(image: torch.Tensor) -> torch.Tensor:
    """Where a scan is brighter than its background, boolean, of the shape of the scan."""
    low, high = float(image.min()), float(np.percentile(image.numpy(), 99.5))
    return image > low + 0.05 * (high - low)


def tissue_ml(image: MetaTensor) -> float:
    """Volume of what is brighter than the background, in ml: of a brain at most 2000, of a head more than 2500.

    Args:
        image: a T1-weighted scan, (1, x, y, z).
    """
    return float(tissue_mask(image).sum()) * voxel_ml(image)


class ExtractBraind(MapTransform):
    """Tell whole heads from skull-stripped scans, and give all that is not brain the value of the background.

    A skull-stripped scan stays as it is. In a whole head ``find_brain`` gives the mask of the brain. A folder of masks
    replaces both. What the scan shows is logged, and noted in the meta data, entry :data:`SCAN_KEY`. MONAI's
    ``MaskIntensityd`` is nearest: it needs the mask in the sample, and makes the background 0.

    Args:
        keys: T1-weighted scans, (1, x, y, z), axes to the right, the front and the top (RAS).
        find_brain: gives the mask of a scan, boolean (1, x, y, z), such as
            :meth:`monai_scse.inferers.BrainExtractor.predict`. A scan whose mask is empty stays as it is: the checks
            of its segmentation report it.
        mask_dir: folder with a brain mask for each scan, under the name of the scan; None to find the brains.
        masks_by_folder: masks lie in a folder of ``mask_dir`` that bears the name of the scan's folder, for scans of
            the same name in several folders.
        stripped_ml: scans with less tissue than this are skull-stripped.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when a mask is missing or holds nothing of its scan.

    Example:
        >>> scan = MetaTensor(torch.rand(1, 50, 50, 50), affine=torch.diag(torch.tensor([4.0, 4, 4, 1])))
        >>> brain = torch.zeros(1, 50, 50, 50, dtype=torch.bool)
        >>> brain[:, 10:40, 10:40, 10:40] = True
        >>> extracted = ExtractBraind("image", find_brain=lambda image: brain)({"image": scan})["image"]
        >>> extracted.meta["scan"], bool((extracted[~brain] == scan.min()).all())
        ('whole head', True)
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        find_brain: Callable[[MetaTensor], torch.Tensor],
        mask_dir: str | Path | None = None,
        masks_by_folder: bool = False,
        stripped_ml: float = 2200.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.find_brain = find_brain
        self.mask_dir = None if mask_dir is None else Path(mask_dir)
        self.masks_by_folder = masks_by_folder
        self.stripped_ml = stripped_ml
        self.logger = logging.getLogger(__name__)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        extracted = dict(data)
        for key in self.key_iterator(data):
            extracted[key] = self._extract(data[key])
        return extracted

    def _extract(self, image: MetaTensor) -> MetaTensor:
        name = file_of(image)
        mask: torch.Tensor | None
        if self.mask_dir is not None:
            scan, mask = "masked", self._read_mask(image, self.mask_dir)
            self.logger.info(f"{name}: brain mask of {float(mask.sum()) * voxel_ml(image):.0f} ml used.")
        elif (tissue := tissue_ml(image)) < self.stripped_ml:
            scan, mask = "skull-stripped", None
            self.logger.info(f"{name}: skull-stripped ({tissue:.0f} ml of tissue).")
        elif (mask := self.find_brain(image)).any():
            scan, found = "whole head", float(mask.sum()) * voxel_ml(image)
            self.logger.info(f"{name}: whole head ({tissue:.0f} ml of tissue), brain of {found:.0f} ml found.")
        else:
            scan, mask = "no brain found", None
            self.logger.warning(f"{name}: whole head ({tissue:.0f} ml of tissue), and no brain found in it.")
        result = MetaTensor(image.clone() if mask is None else torch.where(mask, image, image.min()))
        result.copy_meta_from(image).meta[SCAN_KEY] = scan
        return result

    def _read_mask(self, image: MetaTensor, folder: Path) -> torch.Tensor:
        scan = Path(file_of(image))
        name = case_name(scan)
        if self.masks_by_folder:
            folder = folder / scan.parent.name
        files = [folder / f"{name}{suffix}" for suffix in IMAGE_SUFFIXES]
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            raise InputError(f"{folder}: no brain mask of the name {name}; add it, or leave out brain_mask_dir.")
        mask = ResampleToMatch(mode="nearest", padding_mode="zeros")(
            LoadImage(image_only=True, ensure_channel_first=True)(file), image
        )
        if not bool((mask > 0).any()):
            raise InputError(f"{file}: no voxel of this brain mask lies in its scan {scan}; choose another.")
        return torch.as_tensor(mask > 0)
