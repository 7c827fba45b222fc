"""Whole heads: telling them from skull-stripped scans, and leaving the brain alone."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import FillHoles, KeepLargestConnectedComponent, LoadImage, MapTransform, ResampleToMatch, Spacing

from ..data import IMAGE_SUFFIXES, case_name
from ..runtime import InputError, existing_file
from .scans import file_of

__all__ = ["SCAN_KEY", "ExtractBraind", "tissue_ml"]

#: Entry of the meta data of a scan: what it shows, "skull-stripped", "whole head", "masked" or "no brain found".
SCAN_KEY = "scan"


def _voxel_ml(image: MetaTensor) -> float:
    return abs(float(torch.linalg.det(image.affine[:3, :3]))) / 1000


def _is_tissue(image: torch.Tensor) -> torch.Tensor:
    low, high = float(image.min()), float(np.percentile(image.numpy(), 99.5))
    return image > low + 0.05 * (high - low)


def tissue_ml(image: MetaTensor) -> float:
    """Volume of what is brighter than the background, in ml: of a brain at most 2000, of a head more than 2500.

    Args:
        image: a T1-weighted scan, (1, x, y, z).
    """
    return float(_is_tissue(image).sum()) * _voxel_ml(image)


def _with_own_statistics(network: torch.nn.Module) -> torch.nn.Module:
    """A copy whose batch normalisation uses the statistics of the scan it sees, not those of the training."""
    copied = deepcopy(network)
    for module in copied.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean = module.running_var = None
            module.track_running_stats = False
    return copied


class ExtractBraind(MapTransform):
    """Tell whole heads from skull-stripped scans, and give all that is not brain the value of the background.

    A skull-stripped scan stays as it is. In a whole head a small network finds the brain, with the statistics of its
    training and with those of the scan (S. Schneider et al., "Improving robustness against common corruptions by
    covariate shift adaptation", NeurIPS 2020): what either takes for brain is brain, and what is further than a margin
    away from it goes. What came in is logged, and noted in the meta data, entry :data:`SCAN_KEY`. Where the user
    has brain masks, they are used instead.

    Args:
        keys: T1-weighted scans, (1, x, y, z), axes to the right, the front and the top (RAS).
        network: finds the brain in a scan scaled to [0, 1]; two classes, the second is brain.
        weights: file of its state dict, read when the first whole head comes in.
        mask_dir: folder with a brain mask for each scan, under the name of the scan; None to find the brains.
        masks_by_folder: masks lie in a folder of ``mask_dir`` that bears the name of the scan's folder, for scans of
            the same name in several folders.
        spacing: voxel size in mm that the network sees.
        margin_mm: how far around the brain tissue is kept. Heads made around validation scans gave the best Dice with
            0.
        stripped_ml: scans with less tissue than this are skull-stripped.
        brain_ml: less or more brain than this is none: the scan stays as it is, for the checks behind to report.
        device: where the network runs.

    Raises:
        InputError: when a mask is missing or holds nothing of its scan, or a whole head comes in and ``weights`` does
            not exist.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        network: torch.nn.Module,
        weights: str | Path,
        mask_dir: str | Path | None = None,
        masks_by_folder: bool = False,
        spacing: float = 3.0,
        margin_mm: float = 0.0,
        stripped_ml: float = 2200.0,
        brain_ml: tuple[float, float] = (500.0, 3000.0),
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(keys)
        self.network = network
        self.weights = weights
        self.mask_dir = None if mask_dir is None else Path(mask_dir)
        self.masks_by_folder = masks_by_folder
        self.to_network = Spacing(pixdim=(spacing,) * 3, mode="bilinear")
        self.clean = (KeepLargestConnectedComponent(), FillHoles())
        self.margin_mm = margin_mm
        self.stripped_ml = stripped_ml
        self.brain_ml = brain_ml
        self.device = device
        self.logger = logging.getLogger(__name__)
        self._looks: list[torch.nn.Module] = []

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        extracted = dict(data)
        for key in self.key_iterator(data):
            extracted[key] = self._extract(data[key])
        return extracted

    def _extract(self, image: MetaTensor) -> MetaTensor:
        name = file_of(image)
        if self.mask_dir is not None:
            scan, mask = "masked", self._read_mask(image)
            self.logger.info(f"{name}: brain mask of {float(mask.sum()) * _voxel_ml(image):.0f} ml used.")
        elif (tissue := tissue_ml(image)) < self.stripped_ml:
            scan, mask = "skull-stripped", None
            self.logger.info(f"{name}: skull-stripped ({tissue:.0f} ml of tissue).")
        else:
            scan, mask = "whole head", self._find_brain(image)
            found = float(mask.sum()) * _voxel_ml(image)
            if not self.brain_ml[0] <= found <= self.brain_ml[1]:
                scan, mask = "no brain found", None
                self.logger.warning(f"{name}: whole head ({tissue:.0f} ml of tissue), and no brain found in it.")
            else:
                self.logger.info(f"{name}: whole head ({tissue:.0f} ml of tissue), brain of {found:.0f} ml found.")
        result = image.clone() if mask is None else torch.where(mask, image, image.min())
        result = MetaTensor(result).copy_meta_from(image)
        result.meta[SCAN_KEY] = scan
        return result

    def _read_mask(self, image: MetaTensor) -> torch.Tensor:
        scan = Path(file_of(image))
        name, folder = case_name(scan), self.mask_dir
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

    def _find_brain(self, image: MetaTensor) -> torch.Tensor:
        """Where the brain is, with the margin around it, boolean (1, x, y, z)."""
        from scipy.ndimage import distance_transform_edt

        if not self._looks:
            path = existing_file(self.weights, "give scans without skull, or a brain_mask_dir.")
            self.network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
            self._looks = [look.to(self.device).eval() for look in (self.network, _with_own_statistics(self.network))]
        coarse = self.to_network(image)
        tissue = _is_tissue(coarse)[0].numpy()
        ends = [np.flatnonzero(tissue.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]] for axis in range(3)]
        head = (slice(None), *(slice(first, last + 1) for first, last in ends))
        part = torch.as_tensor(coarse)[head].as_subclass(torch.Tensor)
        low, high = float(part.min()), float(np.percentile(part.numpy(), 99.5))
        part = ((part - low) / (high - low)).clamp(0, 1)[None].to(self.device)
        brain = torch.zeros(coarse.shape)
        with torch.no_grad():
            brain[head] = torch.stack([look(part).argmax(dim=1) for look in self._looks]).amax(dim=0).cpu().float()
        for transform in self.clean:
            brain = transform(brain)
        found = ResampleToMatch(mode="bilinear", padding_mode="zeros")(MetaTensor(brain).copy_meta_from(coarse), image)
        found = found.numpy() > 0.5
        if not found.any():
            return torch.from_numpy(found)
        sampling = image.affine[:3, :3].norm(dim=0).numpy()
        return torch.from_numpy(distance_transform_edt(~found[0], sampling=sampling)[None] <= self.margin_mm)
