"""Random size and brightness of structures, for people and scanners that the training scans do not show."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.networks.layers import GaussianFilter
from monai.transforms import MapTransform, RandomizableTransform
from torch.nn.functional import grid_sample, interpolate

from ..labels import Structure, side_pairs
from ..runtime import InputError
from ..runtime.arguments import check_list, check_name, check_number, check_range, check_whole

__all__ = ["RandStructureIntensityd", "RandStructureSized", "RandWhiteMatterLesionsd"]

_WIDEST = 1000  # pixels, or mm: more than any scan has


def class_indices(argument: str, structures: Sequence[Structure], names: Sequence[str]) -> list[int]:
    check_list(argument, names)
    for name in names:
        check_name(argument, name)
    known = [structure.name for structure in structures]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"structures must hold the {argument}, got no {', '.join(unknown)}.")
    return [known.index(name) for name in names]


def _shows(label: torch.Tensor, classes: Sequence[int]) -> torch.Tensor:
    return torch.isin(label.long(), torch.tensor(list(classes), device=label.device))


def _blur(maps: torch.Tensor, sigma: float) -> torch.Tensor:
    return GaussianFilter(spatial_dims=2, sigma=sigma)(maps[None])[0]


class _RandByLabel(RandomizableTransform, MapTransform):
    """A random change that depends on the label of the sample. Subclasses document the arguments."""

    def __init__(self, keys: str | Sequence[str], label_key: str, prob: float, allow_missing_keys: bool) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        check_name("label_key", label_key)
        check_number("prob", prob, 0, 1)
        RandomizableTransform.__init__(self, prob)
        self.label_key = label_key

    def _lacks_label(self, data: Mapping[Hashable, Any]) -> bool:
        return self.allow_missing_keys and self.label_key not in data


class RandStructureSized(_RandByLabel):
    """Widen or narrow structures by moving their edges, and the surroundings less and less.

    The ventricles and the fluid between the gyri of healthy people grow from the age of 20 to 90, and the brain around
    them shrinks. The edge moves along the gradient of the blurred structure, by a random distance. All keys of a sample
    share it. MONAI's ``Rand2DElasticd`` is nearest, and deforms without regard to structures.

    Args:
        keys: the entries to deform, (channels, x, y).
        structures: the classes, index 0 is background.
        classes: names of the structures that change their size together.
        shift_mm: lowest and highest distance that the edge moves by at most, in mm. Positive values widen.
        sigma_mm: width of the deformed surroundings in mm. Edges move by less than about that without folding.
        spacing: size of a pixel in mm.
        label_key: the one of ``keys`` that holds class indices. It is sampled at the nearest pixel.
        prob: probability of the deformation.
        allow_missing_keys: whether a missing key is no error. A sample without label stays as it is.

    Raises:
        ValueError: when ``label_key`` is not among ``keys``, or a class is not among ``structures``.

    Example:
        >>> from monai_scse.labels import structure_table
        >>> table = structure_table([{"name": "3rd ventricle", "colour": [204, 182, 142]}])
        >>> widen = RandStructureSized(["image", "label"], table, ["3rd ventricle"], (2, 2), 5, prob=1.0)
        >>> label = torch.zeros(1, 40, 40)
        >>> label[:, 15:25, 15:25] = 1
        >>> widened = widen({"image": label, "label": label})["label"]
        >>> bool(widened.sum() > label.sum())
        True
    """

    def __init__(
        self,
        keys: Sequence[str],
        structures: Sequence[Structure],
        classes: Sequence[str],
        shift_mm: tuple[float, float],
        sigma_mm: float,
        spacing: float = 1.0,
        label_key: str = "label",
        prob: float = 0.5,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, label_key, prob, allow_missing_keys)
        if label_key not in self.keys:
            raise ValueError(f"label_key must be one of keys={self.keys}, got {label_key!r}.")
        self.classes = class_indices("classes", structures, classes)
        check_range("shift_mm", shift_mm)
        check_number("sigma_mm", sigma_mm, 0, _WIDEST, above=True)
        check_number("spacing", spacing, 0, _WIDEST, above=True)
        self.shift_mm = shift_mm
        self.sigma = sigma_mm / spacing
        self.spacing = spacing
        self._shift = 0.0

    def randomize(self, data: Any = None) -> None:
        super().randomize(None)
        if self._do_transform:
            self._shift = float(self.R.uniform(*self.shift_mm)) / self.spacing

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize()
        deformed = dict(data)
        if not self._do_transform or self._lacks_label(data):
            return deformed
        label = data[self.label_key]
        structure = _shows(label, self.classes).float()
        slope = torch.stack(torch.gradient(_blur(structure, self.sigma)[0]))
        steepest = slope.norm(dim=0).max()
        if steepest < 1e-3:
            return deformed
        # an output pixel takes its value from further inside: the structure grows
        size = torch.tensor(structure.shape[1:], device=label.device)
        steps = (torch.arange(length, device=label.device) for length in structure.shape[1:])
        centres = torch.stack(torch.meshgrid(*steps, indexing="ij")).float()
        where = (centres + self._shift * slope / steepest).movedim(0, -1)
        grid = ((2 * where + 1) / size - 1).flip(-1)[None]
        for key in self.key_iterator(data):
            mode = "nearest" if key == self.label_key else "bilinear"
            moved = grid_sample(data[key][None].float(), grid, mode=mode, padding_mode="border", align_corners=False)[0]
            deformed[key] = moved.to(data[key].dtype)
        return deformed


class RandStructureIntensityd(_RandByLabel):
    """Make each structure a little brighter or darker, for the contrasts of other scanners and other ages.

    All keys of a sample share the changes. MONAI's ``RandShiftIntensityd`` is nearest, and shifts the whole image.

    Args:
        keys: the scans, (channels, x, y). What is 0 stays 0.
        offset: largest change of a structure's brightness. Class 0 keeps its own.
        num_classes: classes of the label, with the background.
        sigma: blur of the changes at the edges of the structures, in pixels.
        label_key: the entry that holds class indices.
        prob: probability of the change.
        alike: the classes, ``num_classes`` of them, whose left and right change alike. None: each by itself.
        allow_missing_keys: whether a missing key is no error. A sample without label stays as it is.

    Example:
        >>> change = RandStructureIntensityd("image", offset=0.1, num_classes=2, prob=1.0).set_random_state(0)
        >>> changed = change({"image": torch.full((1, 8, 8), 0.5), "label": torch.ones(1, 8, 8)})["image"]
        >>> bool(changed.min() > 0.4), bool(changed.max() < 0.6), bool((changed != 0.5).all())
        (True, True, True)
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        offset: float,
        num_classes: int,
        sigma: float = 1.0,
        label_key: str = "label",
        prob: float = 0.5,
        alike: Sequence[Structure] | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, label_key, prob, allow_missing_keys)
        check_number("offset", offset, 0)
        check_number("sigma", sigma, 0, _WIDEST)
        check_whole("num_classes", num_classes, 1)
        if alike is not None and len(alike) != num_classes:
            raise ValueError(f"alike must hold num_classes={num_classes} classes, got {len(alike)}.")
        self.pairs = [] if alike is None else side_pairs(alike)
        self.offset = offset
        self.num_classes = num_classes
        self.sigma = sigma
        self._offsets = np.zeros(num_classes)

    def randomize(self, data: Any = None) -> None:
        super().randomize(None)
        if self._do_transform:
            self._offsets = self.R.uniform(-self.offset, self.offset, self.num_classes)
            self._offsets[0] = 0
            for right, left in self.pairs:
                self._offsets[right] = self._offsets[left]

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.randomize()
        changed = dict(data)
        if not self._do_transform or self._lacks_label(data):
            return changed
        label = data[self.label_key]
        offsets = torch.from_numpy(self._offsets).float().to(label.device)
        try:
            change = _blur(offsets[label.long()], self.sigma)
        except IndexError as error:  # looking first would wait for the GPU at each sample
            raise InputError(
                f"num_classes must be above the largest class of the label, {int(label.max())}, got {self.num_classes}."
            ) from error
        for key in self.key_iterator(data):
            image = data[key]
            changed[key] = torch.where(image > 0, (image + change).clamp(min=1e-3), image)
        return changed


class RandWhiteMatterLesionsd(_RandByLabel):
    """Darken patches of the white matter, most of them close to the ventricles, as in T1-weighted scans of the aged.

    White matter hyperintensities of T2-weighted scans are as dark as grey matter, or darker, on T1-weighted ones (J. M.
    Wardlaw et al., "Neuroimaging standards for research into small vessel disease", Lancet Neurology 12 (2013)
    822-838). Their label stays white matter. How much and how dark is drawn by judgement. All keys of a sample share
    the lesions. MONAI's ``RandCoarseDropoutd`` is nearest, and knows neither tissue nor shape.

    Args:
        keys: the scans or slabs of neighbouring slices, (channels, x, y).
        structures: the classes, index 0 is background.
        classes: names of the white matter.
        ventricles: names of the structures that the lesions gather around.
        share: lowest and highest share of the white matter of the slice that is lesion.
        darker: lowest and highest share of its brightness that a lesion loses.
        patch_mm: distance between patches in mm. Those around ventricles reach about as far.
        spacing: size of a pixel in mm.
        label_key: the entry that holds class indices, (1, x, y).
        prob: probability of lesions.
        allow_missing_keys: whether a missing key is no error. A sample without label stays as it is.

    Raises:
        ValueError: when a class is not among ``structures``.

    Example:
        >>> from monai_scse.labels import structure_table
        >>> white, near = ["white matter"], ["ventricle"]
        >>> table = structure_table([{"name": name, "colour": [9, 9, 9]} for name in white + near])
        >>> darken = RandWhiteMatterLesionsd("image", table, white, near, share=(0.2, 0.2), prob=1.0)
        >>> label = torch.ones(1, 30, 30)
        >>> bool((darken.set_random_state(0)({"image": label, "label": label})["image"] < 0.95).any())
        True
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        structures: Sequence[Structure],
        classes: Sequence[str],
        ventricles: Sequence[str],
        share: tuple[float, float] = (0.0, 0.2),
        darker: tuple[float, float] = (0.1, 0.35),
        patch_mm: float = 6.0,
        spacing: float = 1.0,
        label_key: str = "label",
        prob: float = 0.5,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, label_key, prob, allow_missing_keys)
        self.classes = class_indices("classes", structures, classes)
        self.ventricles = class_indices("ventricles", structures, ventricles)
        check_range("share", share, 0, 1)
        check_range("darker", darker, 0, 1)
        check_number("patch_mm", patch_mm, 0, _WIDEST, above=True)
        check_number("spacing", spacing, 0, _WIDEST, above=True)
        self.share = share
        self.darker = darker
        self.patch = patch_mm / spacing
        self._share = self._darker = 0.0
        self._noise = np.zeros((0, 0))

    def randomize(self, data: Sequence[int] = (1, 1)) -> None:
        """Draw whether there are lesions, how much of them, how dark, and where.

        Args:
            data: size of the slice in pixels.
        """
        super().randomize(None)
        if self._do_transform:
            self._share, self._darker = float(self.R.uniform(*self.share)), float(self.R.uniform(*self.darker))
            self._noise = self.R.standard_normal([max(2, round(length / self.patch)) for length in data])

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        changed = dict(data)
        if self._lacks_label(data):
            return changed
        label = data[self.label_key]
        self.randomize(label.shape[1:])
        white = _shows(label, self.classes)
        if not self._do_transform or not white.any():
            return changed
        noise = torch.from_numpy(self._noise).float().to(label.device)
        where = interpolate(noise[None, None], size=label.shape[1:], mode="bicubic")[0]
        where = where + 6 * _blur(_shows(label, self.ventricles).float(), self.patch)
        lesion = white & (where > torch.quantile(where[white], 1 - self._share))
        keep = 1 - self._darker * _blur(lesion.float(), 1.0)
        for key in self.key_iterator(data):
            changed[key] = data[key] * keep
        return changed
