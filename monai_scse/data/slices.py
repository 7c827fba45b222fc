"""2D training samples from 3D scans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import torch
from monai.data import CacheDataset
from monai.transforms import apply_transform
from torch.utils.data import Dataset

from ..runtime import InputError
from ..runtime.arguments import check_list, check_name, check_whole, flag_of

__all__ = ["SliceDataset"]


class SliceDataset(Dataset):
    """Each slice of each scan as one sample. The scans are loaded and preprocessed once and stay in memory.

    ``monai.data.PatchDataset`` is nearest. It calls its function for each slice and needs scans of equal length.

    Args:
        data: list of dictionaries of file names, one a scan, for example ``[{"image": ..., "label": ...}]``.
        transform: deterministic transforms of a scan, from its files to tensors (channels, x, y, z).
        slice_transform: transforms of a slice, applied each time it is drawn. None for none.
        keys: the entries to slice. Other entries are dropped.
        spatial_dim: the axis to slice along: 0, 1 or 2 (sagittal, coronal, axial after reorientation to RAS).
        num_workers: threads that load the scans.
        progress: whether to show a progress bar while loading.

    Raises:
        ValueError: when ``spatial_dim`` is not 0, 1 or 2.
    """

    def __init__(
        self,
        data: Sequence[dict[str, Any]],
        transform: Callable,
        slice_transform: Callable | None = None,
        keys: Sequence[str] = ("image", "label"),
        spatial_dim: int = 1,
        num_workers: int = 2,
        progress: bool = True,
    ) -> None:
        check_whole("spatial_dim", spatial_dim, 0, 2)
        check_whole("num_workers", num_workers, 0)
        check_list("keys", keys)
        if not keys:
            raise InputError(f"keys must name at least one entry, got {keys!r}.")
        for key in keys:
            check_name("each of keys", key)
        self.data = data
        self.slice_transform = slice_transform
        self.keys = tuple(keys)
        self.axis = spatial_dim + 1
        # a contiguous copy stores a slice once for each stack that holds it
        scans = CacheDataset(
            data, transform, num_workers=num_workers, progress=flag_of("progress", progress), as_contiguous=False
        )
        cached = (scans[number] for number in range(len(scans)))
        # plain tensors, because the affine of a scan is wrong for its slices
        self.scans = [{key: torch.as_tensor(scan[key]).as_subclass(torch.Tensor) for key in keys} for scan in cached]
        self.index = [
            (number, position)
            for number, scan in enumerate(self.scans)
            for position in range(scan[self.keys[0]].shape[self.axis])
        ]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        number, position = self.index[index]
        sample = {key: self.scans[number][key].select(self.axis, position) for key in self.keys}
        if self.slice_transform is None:
            return sample
        return cast("dict[str, torch.Tensor]", apply_transform(self.slice_transform, sample))

    def slices(self, key: str) -> Iterator[torch.Tensor]:
        """All slices of one entry before ``slice_transform``, for statistics over the training set."""
        for number, position in self.index:
            yield self.scans[number][key].select(self.axis, position)
