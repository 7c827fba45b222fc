"""Random size and brightness of structures, for people and scanners that the training scans do not show."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.networks.layers import GaussianFilter
from monai.transforms import MapTransform, RandomizableTransform
from torch.nn.functional import grid_sample, interpolate

__all__ = ["RandStructureIntensityd", "RandStructureSized", "RandWhiteMatterLesionsd"]


def _shows(label: torch.Tensor, classes: Sequence[int]) -> torch.Tensor:
    return torch.isin(label.long(), torch.tensor(list(classes), device=label.device))


def _blur(maps: torch.Tensor, sigma: float) -> torch.Tensor:
    return GaussianFilter(spatial_dims=2, sigma=sigma)(maps[None])[0]


class RandStructureSized(RandomizableTransform, MapTransform):
    """Widen or narrow structures by moving their edges, and all around them less and less.

    The ventricles and the fluid between the gyri of healthy people grow from the age of 20 to 90; the brain around them
    shrinks. The edge moves along the gradient of the blurred structure, by a random distance.

    Args:
        keys: the entries to deform, (channels, x, y).
        classes: class indices of what changes its size together.
        shift: what the edge moves by at most, in pixels, from ... to; positive values widen.
        sigma: width of the deformed surroundings in pixels; edges move by less than about that without folding.
        label_key: the one of ``keys`` that holds class indices; it is sampled at the nearest pixel.
        prob: probability of the deformation.
    """

    def __init__(
        self,
        keys: Sequence[str],
        classes: Sequence[int],
        shift: tuple[float, float],
        sigma: float,
        label_key: str = "label",
        prob: float = 0.5,
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        if label_key not in self.keys:
            raise ValueError(f"label_key must be one of keys={self.keys}, got {label_key!r}.")
        self.classes = classes
        self.shift = shift
        self.sigma = sigma
        self.label_key = label_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize(None)
        deformed = dict(data)
        if not self._do_transform:
            return deformed
        shift = float(self.R.uniform(*self.shift))
        label = data[self.label_key]
        structure = _shows(label, self.classes).float()
        slope = torch.stack(torch.gradient(_blur(structure, self.sigma)[0]))
        steepest = slope.norm(dim=0).max()
        if steepest < 1e-3:
            return deformed
        # an output pixel looks further inside: the structure grows
        size = torch.tensor(structure.shape[1:], device=label.device)
        steps = (torch.arange(length, device=label.device) for length in structure.shape[1:])
        centres = torch.stack(torch.meshgrid(*steps, indexing="ij")).float()
        where = (centres + shift * slope / steepest).movedim(0, -1)
        grid = ((2 * where + 1) / size - 1).flip(-1)[None]
        for key in self.key_iterator(data):
            mode = "nearest" if key == self.label_key else "bilinear"
            moved = grid_sample(data[key][None].float(), grid, mode=mode, padding_mode="border", align_corners=False)[0]
            deformed[key] = moved.to(data[key].dtype)
        return deformed


class RandStructureIntensityd(RandomizableTransform, MapTransform):
    """Make each structure a little brighter or darker, for the contrasts of other scanners and other ages.

    Args:
        keys: the scans, (channels, x, y); what is 0 stays 0.
        offset: largest change of a structure's brightness; class 0 keeps its own.
        num_classes: classes of the label, with the background.
        sigma: blur of the changes at the edges of the structures, in pixels.
        label_key: the entry that holds class indices.
        prob: probability of the change.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        offset: float,
        num_classes: int,
        sigma: float = 1.0,
        label_key: str = "label",
        prob: float = 0.5,
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self.offset = offset
        self.num_classes = num_classes
        self.sigma = sigma
        self.label_key = label_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize(None)
        changed = dict(data)
        if self._do_transform:
            offsets = torch.from_numpy(self.R.uniform(-self.offset, self.offset, self.num_classes)).float()
            offsets[0] = 0
            label = data[self.label_key]
            change = _blur(offsets.to(label.device)[label.long()], self.sigma)
            for key in self.key_iterator(data):
                image = data[key]
                changed[key] = torch.where(image > 0, (image + change).clamp(min=1e-3), image)
        return changed


class RandWhiteMatterLesionsd(RandomizableTransform, MapTransform):
    """Darken patches of the white matter, most of them close to the ventricles, as in T1-weighted scans of old people.

    White matter hyperintensities of T2-weighted scans are as dark as grey matter, or darker, on T1-weighted ones (J. M.
    Wardlaw et al., "Neuroimaging standards for research into small vessel disease", Lancet Neurology 12 (2013)
    822-838). Their label stays white matter. How much and how dark is drawn by judgement.

    Args:
        keys: the scans or slabs of neighbouring slices, (channels, x, y).
        classes: class indices of the white matter.
        ventricles: class indices of what the lesions gather around.
        share: share of the white matter of the slice that is lesion, from ... to.
        darker: share of its brightness that a lesion loses, from ... to.
        patch: distance between patches in pixels; those around ventricles reach about as far.
        label_key: the entry that holds class indices, (1, x, y).
        prob: probability of lesions.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        classes: Sequence[int],
        ventricles: Sequence[int],
        share: tuple[float, float] = (0.0, 0.2),
        darker: tuple[float, float] = (0.1, 0.35),
        patch: float = 6.0,
        label_key: str = "label",
        prob: float = 0.5,
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self.classes = classes
        self.ventricles = ventricles
        self.share = share
        self.darker = darker
        self.patch = patch
        self.label_key = label_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize(None)
        changed = dict(data)
        if not self._do_transform:
            return changed
        label = data[self.label_key]
        share, darker = float(self.R.uniform(*self.share)), float(self.R.uniform(*self.darker))
        knots = [max(2, round(length / self.patch)) for length in label.shape[1:]]
        noise = torch.from_numpy(self.R.standard_normal(knots)).float().to(label.device)
        white = _shows(label, self.classes)
        if not white.any():
            return changed
        where = interpolate(noise[None, None], size=label.shape[1:], mode="bicubic")[0]
        where += 6 * _blur(_shows(label, self.ventricles).float(), self.patch)
        lesion = white & (where > torch.quantile(where[white], 1 - share))
        keep = 1 - darker * _blur(lesion.float(), 1.0)
        for key in self.key_iterator(data):
            changed[key] = data[key] * keep
        return changed
