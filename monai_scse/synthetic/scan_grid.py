"""How a scanner samples a head in slices of any thickness, and what is left of it once it is resampled to 1 mm."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform, RandomizableTransform
from torch.nn.functional import interpolate

from ..runtime.arguments import check_number, check_range

__all__ = ["RandScanGridd"]

_KNOTS = 12.0  # voxels between the random numbers that move the edge of the brain mask


def _sampling(length: int, spacing: float, width: float, phase: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights of voxels of 1 mm in the samples of a scanner, and weights of these in voxels of 1 mm again.

    Args:
        length: number of voxels.
        spacing: of the samples in voxels.
        width: standard deviation of what a sample averages, in voxels.
        phase: where the first sample lies, in voxels.
    """
    voxels, samples = np.arange(length), np.arange(phase, length, spacing)
    profile = np.exp(-0.5 * ((voxels - samples[:, None]) / width) ** 2)
    tent = (1 - np.abs(voxels[:, None] - samples) / spacing).clip(0)
    tent[voxels < samples[0], 0] = tent[voxels > samples[-1], -1] = 1  # the outermost samples go on
    return profile / profile.sum(axis=1, keepdims=True), tent / tent.sum(axis=1, keepdims=True)


def _along_axes(volume: torch.Tensor, matrices: Sequence[np.ndarray | None]) -> torch.Tensor:
    """The volume with each axis multiplied by a matrix. None leaves an axis as it is."""
    for axis, matrix in enumerate(matrices):
        if matrix is not None:
            weights = torch.from_numpy(matrix.astype(np.float32))
            rows = weights @ volume.movedim(axis, -2) if axis else weights @ volume.flatten(1)
            volume = rows.movedim(-2, axis) if axis else rows.view(-1, *volume.shape[1:])
    return volume


class RandScanGridd(RandomizableTransform, MapTransform):
    """Sample a head as a scanner does, strip its skull there, and resample it to voxels of 1 mm.

    Along each axis a voxel of the scan averages its surroundings. Along one of them slices may be thick. Nearest is
    MONAI's ``RandSimulateLowResolutiond``, which coarsens all axes alike, by skipping voxels.

    Args:
        keys: slabs or volumes of voxels of 1 mm, (slices, height, width) or (1, x, y, z).
        distance_key: how far each voxel lies from the brain in mm, of the same shape. It is dropped.
        thickness: thinnest and thickest slice in voxels. Along the slices of a slab at most a third of them.
        thick: share of the samples with thick slices.
        width: least and largest standard deviation of what a voxel of the scan averages, as a share of its size.
        reach: lowest and highest mean distance from the brain in mm that the mask reaches to.
        leftover: share of the samples whose mask reaches further, up to ``leftover_mm``.
        leftover_mm: see ``leftover``.
        unstripped: share of the samples without mask.
        num_slices: how many slices to keep, those in the middle. None for all.
        transform: of a scan on its own grid, such as noise. None for none.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> sample = {"image": torch.rand(9, 32, 32), "distance": torch.full((9, 32, 32), -5)}
        >>> RandScanGridd("image", num_slices=5)(sample)["image"].shape
        torch.Size([5, 32, 32])
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        distance_key: str = "distance",
        thickness: tuple[float, float] = (1.0, 6.0),
        thick: float = 0.5,
        width: tuple[float, float] = (0.3, 0.5),
        reach: tuple[float, float] = (-1.0, 3.0),
        leftover: float = 0.15,
        leftover_mm: float = 12.0,
        unstripped: float = 0.0,
        num_slices: int | None = None,
        transform: Callable | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, 1.0)
        check_range("thickness", thickness, 1)
        check_range("width", width, 0.01)
        check_range("reach", reach)
        for name, share in (("thick", thick), ("leftover", leftover), ("unstripped", unstripped)):
            check_number(name, share, 0, 1)
        self.distance_key = distance_key
        self.thickness = thickness
        self.thick = thick
        self.width = width
        self.reach = reach
        self.leftover = leftover
        self.leftover_mm = leftover_mm
        self.unstripped = unstripped
        self.num_slices = num_slices
        self.transform = transform

    def randomize(self, data: Sequence[int]) -> None:
        """Draw the grid of the scan and the edge of the mask.

        Args:
            data: size of the slab or volume.
        """
        spacing = np.ones(3)
        if self.R.random_sample() < self.thick:
            axis = self.R.randint(3)
            spacing[axis] = min(self.R.uniform(*self.thickness), max(1.0, data[axis] / 3))
        widths = spacing * self.R.uniform(*self.width, 3)
        phases = spacing / 2 - 0.5 + self.R.uniform(-0.5, 0.5, 3) * (spacing - 1)
        self._to_scan, self._to_voxels = map(list, zip(*map(_sampling, data, spacing, widths, phases)))
        if self.num_slices is not None:
            first = (data[0] - self.num_slices) // 2
            kept = self._to_voxels[0][first : first + self.num_slices]
            used = kept.any(axis=0)
            self._to_scan[0], self._to_voxels[0] = self._to_scan[0][used], kept[:, used]
        # where voxels stay as large as they are the mask keeps its edge
        self._mask_to_scan = [
            matrix if step > 1 or len(matrix) < size else None
            for matrix, step, size in zip(self._to_scan, spacing, data)
        ]
        self._to_voxels = [
            None if step == 1 and len(matrix) == matrix.shape[1] else matrix
            for matrix, step in zip(self._to_voxels, spacing)
        ]
        kind = self.R.random_sample()
        rough, reach = 1.0, self.R.uniform(*self.reach)
        if kind < self.leftover:
            rough, reach = 4.0, self.R.uniform(self.reach[0], self.leftover_mm)
        self._reach = float("inf") if kind >= 1 - self.unstripped else reach
        knots = [max(2, round(length / _KNOTS)) for length in data]
        self._edge = (rough * self.R.standard_normal((1, 1, *knots))).astype(np.float32)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        scanned = dict(data)
        distance = torch.as_tensor(scanned.pop(self.distance_key)).as_subclass(torch.Tensor)
        size = distance.shape[-3:]
        self.randomize(size)
        edge = interpolate(torch.from_numpy(self._edge), size=size, mode="trilinear", align_corners=True)[0, 0]
        mask = _along_axes((distance.view(size) <= self._reach + edge).float(), self._mask_to_scan) > 0.5
        for key in self.key_iterator(data):
            volume = torch.as_tensor(data[key]).as_subclass(torch.Tensor).view(size)
            scan = _along_axes(volume, self._to_scan)
            if self.transform is not None:
                scan = torch.as_tensor(self.transform(scan)).as_subclass(torch.Tensor)
            scan = torch.where(mask, scan.clamp(min=1e-3), 0)  # tissue is above 0
            scan = _along_axes(scan, self._to_voxels)
            scanned[key] = scan if data[key].ndim == 3 else scan[None]
        return scanned
