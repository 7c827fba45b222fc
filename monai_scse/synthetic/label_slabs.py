"""The deformed slabs of label maps that a 2D network is trained on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import MapTransform, Randomizable
from torch.nn.functional import interpolate

from ..runtime.arguments import check_number, check_whole

__all__ = ["RandLabelSlabd"]


class RandLabelSlabd(Randomizable, MapTransform):
    """Cut a slab of neighbouring slices out of label maps, rotated, sheared, scaled and deformed at random.

    Beyond the map its outermost voxels go on. MONAI's ``Rand3DElasticd`` is nearest. It smooths noise of every voxel.

    Args:
        keys: label maps, integers, (1, x, y, z).
        label_key: one of them, of which only the slice in the middle is kept, (1, height, width).
        num_slices: how many slices the slabs of the others have. One number is chosen at random, all are odd.
        slice_size: height and width of a slab in pixels.
        slice_dim: the axis of the map that the slices are counted along, 0, 1 or 2.
        rotate: largest rotation about each axis, in radians.
        shear: largest shear of each pair of axes.
        scale: largest change of size along each axis, as a share of it.
        translate: largest shift within the slice, in voxels.
        magnitude: standard deviation of the elastic deformation, in voxels.
        knots: voxels between the random vectors of the deformation.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> maps = {key: torch.ones(1, 40, 40, 40, dtype=torch.int16) for key in ("image", "label")}
        >>> slab = RandLabelSlabd(["image", "label"], num_slices=[5], slice_size=[32, 32])(maps)
        >>> slab["image"].shape, slab["label"].shape
        (torch.Size([5, 32, 32]), torch.Size([1, 32, 32]))
    """

    def __init__(
        self,
        keys: Sequence[str],
        num_slices: Sequence[int],
        slice_size: Sequence[int],
        label_key: str = "label",
        slice_dim: int = 1,
        rotate: float = 0.2,
        shear: float = 0.1,
        scale: float = 0.15,
        translate: float = 8.0,
        magnitude: float = 2.0,
        knots: float = 24.0,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        check_whole("slice_dim", slice_dim, 0, 2)
        check_number("knots", knots, 1)
        self.label_key = label_key
        self.num_slices = tuple(num_slices)
        self.slice_size = tuple(slice_size)
        self.slice_dim = slice_dim
        self.rotate = rotate
        self.shear = shear
        self.scale = scale
        self.translate = translate
        self.magnitude = magnitude
        self.knots = knots

    def randomize(self, data: Sequence[int]) -> None:
        """Draw where the slab lies and how it is deformed.

        Args:
            data: size of the map.
        """
        slices = self.num_slices[self.R.randint(len(self.num_slices))]
        self._size = (slices, *self.slice_size)
        angles = self.R.uniform(-self.rotate, self.rotate, 3)
        matrix = np.eye(3)
        for (first, second), angle in zip(((0, 1), (0, 2), (1, 2)), angles):
            turn = np.eye(3)
            turn[[first, second], [first, second]] = np.cos(angle)
            turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
            matrix = matrix @ turn
        sheared = np.eye(3) + self.R.uniform(-self.shear, self.shear, (3, 3)) * (1 - np.eye(3))
        self._matrix = matrix @ sheared @ np.diag(1 + self.R.uniform(-self.scale, self.scale, 3))
        # the axis along the slices comes first, as in the slab
        self._centre = (np.array(data) - 1) / 2 + self.R.uniform(-self.translate, self.translate, 3)
        self._centre[0] = self.R.uniform(0, data[0] - 1)
        knots = [max(2, round(length / self.knots) + 1) for length in self._size]
        self._vectors = self.R.normal(0, self.magnitude, (1, 3, *knots)).astype(np.float32)

    def _positions(self) -> torch.Tensor:
        """Where each voxel of the slab lies in the map, (3, slices, height, width)."""
        positions = interpolate(torch.from_numpy(self._vectors), size=self._size, mode="trilinear", align_corners=True)
        positions = positions[0]
        for axis, length in enumerate(self._size):
            step = torch.arange(length, dtype=torch.float32) - (length - 1) / 2
            column = torch.from_numpy(self._matrix[:, axis].astype(np.float32))
            shape = [3, 1, 1, 1]
            shape[axis + 1] = length
            positions += (column[:, None] * step).view(shape)
        return positions.add_(torch.from_numpy(self._centre.astype(np.float32)).view(3, 1, 1, 1))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        cut = dict(data)
        order = [self.slice_dim, *({0, 1, 2} - {self.slice_dim})]
        size = [data[self.keys[0]].shape[1:][axis] for axis in order]
        self.randomize(size)
        positions = self._positions().round_().to(torch.int32)
        index = torch.zeros(self._size, dtype=torch.int32)
        strides = [int(np.prod(data[self.keys[0]].shape[axis + 2 :])) for axis in order]
        for place, length, stride in zip(positions, size, strides):
            index += place.clamp_(0, length - 1) * stride
        middle = self._size[0] // 2
        for key in self.key_iterator(data):
            where = slice(middle, middle + 1) if key == self.label_key else slice(None)
            flat = torch.as_tensor(data[key]).as_subclass(torch.Tensor).reshape(-1)
            cut[key] = flat[index[where].reshape(-1)].view(index[where].shape)
        return cut
