"""Telling whether an image is a CT in Hounsfield units."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.transforms import MapTransform

from ..runtime import InputError
from ..runtime.arguments import check_number
from .scans import file_of

__all__ = ["CheckHounsfieldd"]

_logger = logging.getLogger(__name__)


_AIR = -1024.0
_PADDING = -1100.0  # lower than the noise of air: no measured value


class CheckHounsfieldd(MapTransform):
    """Check that images are CT scans in Hounsfield units, and give the padding around them the value of air.

    Every CT of a body holds air or fat, far below 0. Stored values of 0 to 4095, with soft tissue around 1050, lack the
    offset of the scanner: an error, whatever the padding. Values with no soft tissue have the offset twice: an error.
    Other values without air and fat are no CT: a warning. MONAI has no transform that does this.

    Args:
        keys: the images, (1, x, y, z).
        hu_offset: added first, for scans without their offset: usually -1024.
        allow_missing_keys: whether a missing key is no error.

    Raises:
        InputError: when the offset is missing, or added to a scan that has it.
    """

    def __init__(self, keys: str | Sequence[str], hu_offset: float = 0.0, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        check_number("hu_offset", hu_offset)
        self.hu_offset = hu_offset

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        checked = dict(data)
        for key in self.key_iterator(data):
            image = data[key] + self.hu_offset if self.hu_offset else data[key]
            self._check(torch.as_tensor(image).as_subclass(torch.Tensor), file_of(data[key], str(key)))
            checked[key] = image.clamp(min=_AIR)
        return checked

    def _check(self, image: torch.Tensor, file: str) -> None:
        measured = int((image > _PADDING).count_nonzero())  # a sum needs 8 bytes a voxel
        values = f"{file}: values from {float(image.min()):g} to {float(image.max()):g}"
        if self.hu_offset and int((image > -300).count_nonzero()) < 0.01 * image.numel():
            raise InputError(
                f"{values} hold no soft tissue after hu_offset {self.hu_offset:g}, the scan has its offset; "
                "leave out hu_offset."
            )
        if int(((image > _PADDING) & (image < -150)).count_nonzero()) > 0.005 * measured:
            return
        body = int((image > 300).count_nonzero())
        soft = int(((image > 880) & (image < 1200)).count_nonzero())  # soft tissue and fat
        if soft > 0.6 * body:
            padded = " and padding" if measured < image.numel() else ""
            raise InputError(
                f"{values}{padded} are not Hounsfield units, their offset is missing; "
                "give --hu_offset -1024 (or what the scanner uses)."
            )
        _logger.warning(f"{values} do not look like a CT in Hounsfield units; an MR image? The result will be wrong.")
