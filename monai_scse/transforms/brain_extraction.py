"""Whole heads: telling them from skull-stripped scans, and leaving the brain alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..data import IMAGE_SUFFIXES, case_name
from ..runtime import InputError
from ..runtime.arguments import check_number, flag_of, path_of
from .resampling import LeanResample
from .scans import LoadScand, file_of
from .tissue import find_tissue, mask_ml, rim_brightness, unlike_t1

__all__ = ["DOUBT_KEY", "SCAN_KEY", "WEIGHTS_KEY", "ExtractBraind"]

#: Entry of the meta data of a scan: what it shows, "skull-stripped", "whole head", "masked" or "no brain found".
SCAN_KEY = "scan"
#: Entry of the meta data of a scan: what speaks against a T1-weighted one, or empty.
DOUBT_KEY = "doubt"
#: Entry of the meta data of a scan: name of the weights that segment it, where several do.
WEIGHTS_KEY = "weights"


_LEAST_ML = 5.0  # far less than the brain of any child


class ExtractBraind(MapTransform):
    """Distinguish whole heads from skull-stripped scans, and leave the brain alone: 0 around it, and above 0 within.

    Of a skull-stripped scan all that differs from its background is brain, see :func:`find_tissue`. In a whole head
    ``find_brain`` gives the mask of the brain. A folder of masks replaces both. What the scan shows is logged, and
    noted in the meta data, entry :data:`SCAN_KEY`. Entry :data:`DOUBT_KEY` says what is unlike T1. The transform goes
    before those that interpolate, which mix a brain of z-scores with a background of 0. MONAI's ``MaskIntensityd`` is
    nearest: it needs the mask in the sample.

    Args:
        keys: T1-weighted scans, (1, x, y, z), axes to the right, the front and the top (RAS).
        find_brain: gives the mask of a scan, boolean (1, x, y, z), such as
            :meth:`monai_scse.inferers.BrainExtractor.predict`. It receives the scan with a background of 0.
            A scan whose mask is empty keeps all its tissue: the checks of its segmentation report it.
        mask_dir: folder with a brain mask for each scan, under the name of the scan. None to find the brains.
        masks_by_folder: masks lie in a folder of ``mask_dir`` that bears the name of the scan's folder, for scans of
            the same name in several folders.
        stripped_ml: scans with less tissue than this are skull-stripped. From 0.85 to 1.2 times this,
            :func:`rim_brightness` decides, because a large brain has as much tissue as a small head.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when a mask is missing or holds nothing of its scan, or less than 5 ml differ from the background.

    Example:
        >>> scan = MetaTensor(torch.rand(1, 50, 50, 50), affine=torch.diag(torch.tensor([4.0, 4, 4, 1])))
        >>> brain = torch.zeros(1, 50, 50, 50, dtype=torch.bool)
        >>> brain[:, 10:40, 10:40, 10:40] = True
        >>> extracted = ExtractBraind("image", find_brain=lambda image: brain)({"image": scan})["image"]
        >>> extracted.meta["scan"], bool((extracted[~brain] == 0).all())
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
        check_number("stripped_ml", stripped_ml, 0)
        self.mask_dir = None if mask_dir is None else path_of("mask_dir", mask_dir)
        self.masks_by_folder = flag_of("masks_by_folder", masks_by_folder)
        self.stripped_ml = stripped_ml
        self.logger = logging.getLogger(__name__)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        extracted = dict(data)
        for key in self.key_iterator(data):
            extracted[key] = self._extract(data[key])
        return extracted

    def _extract(self, image: MetaTensor) -> MetaTensor:
        name = file_of(image)
        tissue = find_tissue(image)
        cleaned = tissue.clean(image)
        volume = mask_ml(image, tissue.mask)
        mask: torch.Tensor | None
        if self.mask_dir is not None:
            scan, mask = "masked", self._read_mask(image, self.mask_dir)
            self.logger.info(f"{name}: brain mask of {mask_ml(image, mask):.0f} ml used.")
        elif self._is_stripped(cleaned, tissue.mask, volume):
            scan, mask = "skull-stripped", None
            self.logger.info(f"{name}: skull-stripped ({volume:.0f} ml of tissue).")
        elif (mask := self.find_brain(cleaned)).any():
            scan, found = "whole head", mask_ml(image, mask)
            self.logger.info(f"{name}: whole head ({volume:.0f} ml of tissue), brain of {found:.0f} ml found.")
        else:
            scan, mask = "no brain found", None
            self.logger.warning(f"{name}: whole head ({volume:.0f} ml of tissue), and no brain found in it.")
        if mask is not None:
            cleaned.masked_fill_(~mask, 0)
        if not bool(cleaned.any()):
            raise InputError(f"{name}: shows nothing brighter than its background; choose another scan.")
        if volume < _LEAST_ML:
            raise InputError(f"{name}: shows {volume:.2g} ml of tissue, too little for a brain; choose another scan.")
        cleaned.meta[SCAN_KEY] = scan
        cleaned.meta[DOUBT_KEY] = unlike_t1(cleaned)
        return cleaned

    def _is_stripped(self, image: MetaTensor, tissue: torch.Tensor, volume: float) -> bool:
        if volume < 0.85 * self.stripped_ml or volume > 1.2 * self.stripped_ml:
            return volume < self.stripped_ml
        return rim_brightness(image, tissue) < (1.0 if volume < self.stripped_ml else 0.8)

    def _read_mask(self, image: MetaTensor, folder: Path) -> torch.Tensor:
        scan = Path(file_of(image))
        name = case_name(scan)
        if self.masks_by_folder:
            folder = folder / scan.parent.name
        files = [folder / f"{name}{suffix}" for suffix in IMAGE_SUFFIXES]
        file = next((file for file in files if file.is_file()), None)
        if file is None:
            raise InputError(f"{folder}: no brain mask of the name {name}; add it, or leave out brain_mask_dir.")
        given = LoadScand("mask", image_key=None)({"mask": str(file)})["mask"]
        to_scan = LeanResample(mode="nearest", padding_mode="zeros")
        mask = to_scan(given, dst_affine=image.affine, spatial_size=image.shape[1:])
        if not bool((mask > 0).any()):
            raise InputError(f"{file}: no voxel of this brain mask lies in its scan {scan}; choose another.")
        return torch.as_tensor(mask > 0)
