"""The stage before segmentation that finds the brain in the scan of a whole head."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import cast

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import FillHoles, KeepLargestConnectedComponent, Spacing

from ..runtime import read_weights
from ..runtime.arguments import check_number, check_range, path_of
from ..runtime.devices import device_of
from ..transforms import LeanResample
from ..transforms.tissue import mask_ml, tissue_mask

__all__ = ["BrainExtractor"]

_WIDEST = 100.0  # mm: a head has no voxels of such a size
_PLANES = 32  # of the mask, made at a time


def _with_own_statistics(network: torch.nn.Module) -> torch.nn.Module:
    """A copy whose batch normalisation uses the statistics of its input, not those of the training."""
    copied = deepcopy(network)
    for module in copied.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean = module.running_var = None
            module.track_running_stats = False
    return copied


class BrainExtractor:
    """Find the brain in a T1-weighted scan of a whole head, with a small network.

    The network runs with the statistics of its training and with those of the scan (S. Schneider et al., "Improving
    robustness against common corruptions by covariate shift adaptation", NeurIPS 2020). What either takes for brain is
    brain. MONAI's ``SupervisedEvaluator`` is nearest. It takes a data loader, where this takes one scan within the
    preprocessing of another network.

    Args:
        network: finds the brain in a scan scaled to [0, 1]. Two classes, the second is brain.
        weights: file of its state dict. It may be missing as long as no scan comes in.
        spacing: voxel size in mm that the network receives.
        margin_mm: how far around the brain tissue is kept. On synthetic heads around validation scans 0 gives the best
            Dice.
        brain_ml: least and largest volume of a brain, in ml. Anything else is no brain.
        device: where the network runs.

    Raises:
        InputError: when ``weights`` exists and does not hold those of the network.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        weights: str | Path,
        spacing: float = 3.0,
        margin_mm: float = 0.0,
        brain_ml: tuple[float, float] = (500.0, 3000.0),
        device: torch.device | str = "cpu",
    ) -> None:
        check_number("spacing", spacing, 0, _WIDEST, above=True)
        check_number("margin_mm", margin_mm, 0)
        check_range("brain_ml", brain_ml, 0)
        self.network = network
        self.weights = path_of("weights", weights)
        self.to_network = Spacing(pixdim=(spacing,) * 3, mode="bilinear")
        self.to_network.sp_resample = LeanResample()
        self.to_scan = LeanResample(mode="bilinear", padding_mode="zeros")
        self.clean = (KeepLargestConnectedComponent(), FillHoles())
        self.margin_mm = margin_mm
        self.brain_ml = brain_ml
        self.device = device_of(device)
        self._networks: list[torch.nn.Module] = []
        if self.weights.exists():
            self._load()  # a bad file is refused before the first scan is read

    def predict(self, image: MetaTensor) -> torch.Tensor:
        """Where the brain is.

        Args:
            image: scan of a whole head with a background of 0, (1, x, y, z), axes to the right, the front and the top
                (RAS).

        Returns:
            the brain with the margin around it, boolean (1, x, y, z). False everywhere when no brain is found.

        Raises:
            InputError: when ``weights`` does not exist.
        """
        from scipy.ndimage import distance_transform_edt

        mask = torch.from_numpy(self._on_grid_of(image))
        if not mask.any():
            return mask
        if self.margin_mm:
            sampling = image.affine[:3, :3].norm(dim=0).numpy()
            mask = torch.from_numpy(distance_transform_edt(~mask[0].numpy(), sampling=sampling)[None] <= self.margin_mm)
        least, most = self.brain_ml
        return mask if least <= mask_ml(image, mask) <= most else torch.zeros_like(mask)

    def _load(self) -> list[torch.nn.Module]:
        if not self._networks:
            hint = "give scans without skull, or a brain_mask_dir."
            self.network.load_state_dict(read_weights(self.weights, self.network, hint))
            networks = (self.network, _with_own_statistics(self.network))
            self._networks = [network.to(self.device).eval() for network in networks]
        return self._networks

    def _on_grid_of(self, image: MetaTensor) -> np.ndarray:
        """The brain without margin, boolean (1, x, y, z)."""
        networks = self._load()
        coarse = cast(MetaTensor, self.to_network(image))
        tissue = tissue_mask(coarse)[0].numpy()
        bounds = [np.flatnonzero(tissue.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]] for axis in range(3)]
        head = (slice(None), *(slice(first, last + 1) for first, last in bounds))
        part = torch.as_tensor(coarse)[head].as_subclass(torch.Tensor)
        low, high = float(part.min()), float(np.percentile(part.numpy(), 99.5))
        part = ((part - low) / (high - low)).clamp(0, 1)[None].to(self.device)
        brain: np.ndarray | torch.Tensor = torch.zeros(coarse.shape)
        with torch.no_grad():
            brain[head] = torch.stack([network(part).argmax(dim=1) for network in networks]).amax(dim=0).cpu().float()
        for transform in self.clean:
            brain = transform(brain)
        found = MetaTensor(brain).copy_meta_from(coarse)
        mask = np.empty(image.shape, dtype=bool)
        for start in range(0, image.shape[1], _PLANES):
            slab, place = mask[:, start : start + _PLANES], image.affine.clone()
            place[:3, 3] += start * place[:3, 0]
            slab[:] = self.to_scan(found, dst_affine=place, spatial_size=slab.shape[1:]).numpy() > 0.5
        return mask
