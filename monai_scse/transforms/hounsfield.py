"""Telling whether an image is a CT in Hounsfield units."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms import MapTransform

from ..runtime import InputError
from .scans import file_of

__all__ = ["CheckHounsfieldd"]

_logger = logging.getLogger(__name__)


class CheckHounsfieldd(MapTransform):
    """Check that images are CT scans in Hounsfield units with enough slices.

    Every CT of a body holds air or fat, far below 0. Stored values of 0 to 4095, with soft tissue around 1050, lack the
    offset of the scanner: an error. Other values without air and fat are no CT: a warning. MONAI has no transform that
    does this.

    Args:
        keys: the images, (1, x, y, z).
        hu_offset: added first, for scans without their offset: usually -1024.
        min_slices: the fewest voxels along any axis.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when the offset is missing, or there are fewer slices.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        hu_offset: float = 0.0,
        min_slices: int = 1,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.hu_offset = hu_offset
        self.min_slices = min_slices

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        checked = dict(data)
        for key in self.key_iterator(data):
            image = data[key] + self.hu_offset if self.hu_offset else data[key]
            self._check(image, file_of(data[key], str(key)))
            checked[key] = image
        return checked

    def _check(self, image: torch.Tensor, file: str) -> None:
        shape = tuple(image.shape[1:])
        if min(shape) < self.min_slices:
            raise InputError(
                f"{file}: {min(shape)} slices of shape {shape}, the network needs at least {self.min_slices}; "
                "give the whole scan."
            )
        lowest, highest = float(image.min()), float(image.max())
        if lowest < -150:
            return
        body, soft = int((image > 300).sum()), int(((image > 880) & (image < 1200)).sum())  # soft tissue and fat
        if soft > 0.6 * body:
            raise InputError(
                f"{file}: values from {lowest:g} to {highest:g} are not Hounsfield units, their offset is missing; "
                "give --hu_offset -1024 (or what the scanner uses)."
            )
        _logger.warning(
            f"{file}: values from {lowest:g} to {highest:g} do not look like a CT in Hounsfield units; an MR image? "
            "The result will be wrong."
        )
