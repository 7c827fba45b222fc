"""Label maps that know which organs were not annotated.

Where an organ was not annotated, a voxel outside all annotated organs is background *or* that organ. Such a voxel holds
a negative number, the set of the classes it may belong to beside background, one bit each: ``-(2**3 + 2**5)`` is
"background, class 3 or class 5". A label map that is complete holds plain class indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..runtime.arguments import check_list, check_whole

if TYPE_CHECKING:
    import torch

__all__ = ["mark_unknown_classes", "unknown_classes"]


def mark_unknown_classes(label: torch.Tensor, unknown: Sequence[int]) -> torch.Tensor:
    """Mark the background of a label map as background or one of the classes that were not annotated.

    Args:
        label: class indices, 0 is background, any shape.
        unknown: the classes that were not annotated, 1 to 23.

    Returns:
        int32, same shape.

    Raises:
        InputError: when ``unknown`` holds anything else.

    Example:
        >>> import torch
        >>> mark_unknown_classes(torch.tensor([0, 1, 2]), unknown=[3])
        tensor([-8,  1,  2], dtype=torch.int32)
    """
    import torch

    check_list("unknown", unknown)
    for index in unknown:
        check_whole("unknown", index, 1, 23)
    code = -sum(2**index for index in set(unknown))
    return torch.where(label == 0, code, label.to(torch.int32))


def unknown_classes(label: torch.Tensor) -> list[int]:
    """The classes that were not annotated in a label map, the opposite of :func:`mark_unknown_classes`.

    Example:
        >>> import torch
        >>> unknown_classes(torch.tensor([-8, 1, 2]))
        [3]
    """
    code = -min(int(label.min()), 0) if label.numel() else 0
    return [index for index in range(1, code.bit_length()) if code >> index & 1]
