"""Samples drawn anew from volumes that stay in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from monai.data import CacheDataset, Dataset
from monai.transforms import Randomizable

from ..runtime.arguments import check_whole
from .cases import image_cases

__all__ = ["DrawnSamplesDataset", "label_map_cases"]


def label_map_cases(dataset_dir: str) -> list[dict[str, str]]:
    """The label maps of a folder, for trainings without images.

    Args:
        dataset_dir: what :func:`image_cases` takes.

    Returns:
        ``[{"image": file, "label": the same file}, ...]``, sorted by name.

    Raises:
        InputError: when there is no file.
    """
    return [{"image": case["image"], "label": case["image"]} for case in image_cases(dataset_dir)]


class DrawnSamplesDataset(Dataset):
    """Several samples of each volume in an epoch, which a random transform draws. The volumes stay in memory.

    MONAI's ``CacheDataset`` is nearest. An epoch of it has one sample of each volume.

    Args:
        data: list of dictionaries of file names, one a volume.
        transform: deterministic transforms of a volume.
        sample_transform: draws a sample from a volume.
        samples: how many samples of each volume an epoch has.
        seed: draws the samples once, with this seed, for validation. None draws them anew each time.
        spatial_dim: the axis that :meth:`slices` counts along, 0, 1 or 2.
    """

    def __init__(
        self,
        data: Sequence[dict[str, Any]],
        transform: Callable,
        sample_transform: Callable,
        samples: int = 1,
        seed: int | None = None,
        spatial_dim: int = 1,
    ) -> None:
        check_whole("samples", samples, 1)
        check_whole("spatial_dim", spatial_dim, 0, 2)
        volumes = CacheDataset(data, transform, as_contiguous=False)
        self.volumes = [volumes[index] for index in range(len(data))]
        self.axis = spatial_dim + 1
        super().__init__(self.volumes * samples, sample_transform)
        if seed is not None:
            check_whole("seed", seed, 0)
            if isinstance(sample_transform, Randomizable):
                sample_transform.set_random_state(seed)
            super().__init__([self[index] for index in range(len(self))])

    def slices(self, key: str) -> Iterator[torch.Tensor]:
        """All slices of one entry of the volumes, for statistics over the training set."""
        for volume in self.volumes:
            yield from torch.as_tensor(volume[key]).unbind(self.axis)
