"""Images that a network is quantized with."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..data import FAILURE_KEY
from ..runtime import InputError

if TYPE_CHECKING:
    from monai.engines import Evaluator

    from .compiled import CompiledNetwork

__all__ = ["Calibration"]

_CROP = 32  # voxels along each axis of the image that tells the number of classes


class Calibration:
    """Choose the images that networks are quantized with, from the scans of a run, where one asks for them.

    The inferer of the run cuts a few scans into slices or windows, for every view and pass, and the networks keep some
    of what they get. This is a handler of the evaluator. ``nncf.Dataset`` is nearest, which holds images chosen before.

    Args:
        scans: how many scans, the one that is being segmented and others from the whole data set.
        images: the least number for a network, as far as there are so many, and half the greatest.
        image_key: entry of a sample that holds its image.
    """

    def __init__(self, scans: int = 3, images: int = 32, image_key: str = "image") -> None:
        self.scans = scans
        self.images = images
        self.image_key = image_key
        self.recording = False
        self.logger = logging.getLogger(__name__)
        self._evaluator: Evaluator | None = None
        self._samples: dict[CompiledNetwork, _EvenSample] = {}

    def __deepcopy__(self, _: dict[int, Any]) -> Calibration:
        return self  # networks that are copied, such as those of further views, share the scans

    def attach(self, engine: Evaluator) -> None:
        """Attach to the evaluator whose scans and inferer are used."""
        self._evaluator = engine

    def images_of(self, network: CompiledNetwork) -> list[torch.Tensor]:
        """The images of a network, (1, channels, *spatial), float32.

        Raises:
            InputError: when no evaluator runs.
        """
        if network not in self._samples:
            self._samples.clear()
            self._record()
        return self._samples.pop(network).kept

    def record(self, network: CompiledNetwork, x: torch.Tensor) -> torch.Tensor:
        """Keep the first image of a batch, or not.

        Returns:
            zeros of the shape of the network's output.
        """
        x = torch.as_tensor(x).as_subclass(torch.Tensor).detach().float()
        self._samples.setdefault(network, _EvenSample(self.images)).add(x[:1])
        crop = (slice(1), slice(None), *[slice(_CROP)] * (x.ndim - 2))
        return x.new_zeros((len(x), network.network(x[crop]).shape[1], *x.shape[2:]))

    def _record(self) -> None:
        if self._evaluator is None or self._evaluator.state.batch is None:
            raise InputError(
                "openvino_precision int8: no scans to calibrate with; segment some with `monai-scse segment` once."
            )
        evaluator = self._evaluator
        dataset: Any = evaluator.data_loader.dataset  # type: ignore[union-attr]  # the bundles give a DataLoader
        others = np.linspace(0, len(dataset) - 1, min(self.scans, len(dataset))).round().astype(int)[1:]
        self.logger.info(f"int8: calibrates with {1 + len(others)} scans, once for these weights.")
        self.recording = True
        try:
            evaluator.inferer(evaluator.state.batch[self.image_key], evaluator.network)
            for index in others:
                sample = dataset[int(index)]
                if FAILURE_KEY not in sample:
                    evaluator.inferer(sample[self.image_key][None], evaluator.network)
        finally:
            self.recording = False


class _EvenSample:
    """Some of the images that come in, evenly spaced, and at most twice ``limit``."""

    def __init__(self, limit: int) -> None:
        self.limit, self.step, self.seen = limit, 1, 0
        self.kept: list[torch.Tensor] = []

    def add(self, image: torch.Tensor) -> None:
        """Keep an image, or not."""
        if self.seen % self.step == 0:
            self.kept.append(image.clone())
            if len(self.kept) == 2 * self.limit:
                self.kept, self.step = self.kept[::2], 2 * self.step
        self.seen += 1
