"""Resampling of large volumes that asks for little more memory than the result takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor, get_track_meta
from monai.data.utils import AFFINE_TOL, to_affine_nd
from monai.networks import to_norm_affine
from monai.transforms import SpatialResample, TraceableTransform
from monai.utils import TraceKeys, get_equivalent_dtype, get_torch_dtype_from_string
from torch.nn import functional

from ..runtime.arguments import check_whole

__all__ = ["LeanResample"]


class LeanResample(SpatialResample):
    """MONAI's ``SpatialResample`` of volumes in little memory: the same voxels, meta data and inverse.

    ``SpatialResample``, the base class, holds the position of every voxel of the result, 14 times its size in float32.
    Where the axes of both grids are parallel, positions along each axis suffice. Elsewhere they are made slab by slab.
    What it does not do (splines, aligned corners, lazy transforms, slices) the base class does.

    Nearest neighbours are those of the base class, and so are interpolated values where both grids have the axes of the
    world. Elsewhere they differ by the rounding of float64. An inverse by nearest neighbours keeps the type of class
    indices, which the base class makes float32.

    Args:
        slab_voxels: voxels that are computed at a time. 2^17 take 1 MiB in float64, their positions 3 MiB.
        kwargs: arguments of ``SpatialResample``.

    Example:
        >>> scan = MetaTensor(torch.rand(1, 8, 8, 8), affine=torch.eye(4))
        >>> target = {"dst_affine": torch.diag(torch.tensor([2.0, 2, 1, 1])), "spatial_size": (4, 4, 8)}
        >>> torch.allclose(LeanResample()(scan, **target), SpatialResample()(scan, **target))
        True
    """

    def __init__(self, slab_voxels: int = 2**17, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_whole("slab_voxels", slab_voxels, 1)
        self.slab_voxels = slab_voxels

    def __call__(
        self,
        img: torch.Tensor,
        dst_affine: torch.Tensor | None = None,
        spatial_size: Sequence[int] | torch.Tensor | int | None = None,
        mode: str | int | None = None,
        padding_mode: str | None = None,
        align_corners: bool | None = None,
        dtype: Any = None,
        lazy: bool | None = None,
    ) -> torch.Tensor:
        mode = self.mode if mode is None else mode
        padding_mode = self.padding_mode if padding_mode is None else padding_mode
        align_corners = self.align_corners if align_corners is None else align_corners
        size = list(spatial_size) if isinstance(spatial_size, Sequence) else []
        if (
            (self.lazy if lazy is None else lazy)
            or not isinstance(img, MetaTensor)
            or dst_affine is None
            or len(size) != 3
            or min(size) < 1
            or not _is_plain(img, mode, padding_mode, align_corners)
        ):
            return super().__call__(img, dst_affine, spatial_size, mode, padding_mode, align_corners, dtype, lazy)
        kind = get_equivalent_dtype(dtype or self.dtype or img.dtype, torch.Tensor)
        return self._resample(img, torch.as_tensor(dst_affine), size, str(mode), str(padding_mode), kind).float()

    def inverse(self, data: torch.Tensor) -> torch.Tensor:
        operation = self.get_most_recent_transform(data)
        noted, size = operation[TraceKeys.EXTRA_INFO], operation[TraceKeys.ORIG_SIZE]
        corners = noted["align_corners"] not in (TraceKeys.NONE, False)
        if not isinstance(data, MetaTensor) or not _is_plain(data, noted["mode"], noted["padding_mode"], corners):
            return super().inverse(data)
        self.pop_transform(data)
        kind = get_torch_dtype_from_string(noted["dtype"])
        with self.trace_transform(False):
            return self._resample(data, noted["src_affine"], size, noted["mode"], noted["padding_mode"], kind)

    def _resample(
        self,
        img: MetaTensor,
        dst_affine: torch.Tensor,
        spatial_size: Sequence[int],
        mode: str,
        padding_mode: str,
        kind: torch.dtype,
    ) -> MetaTensor:
        """The image on another grid. Whole numbers stay whole numbers where nothing is interpolated."""
        source = to_affine_nd(3, img.affine).to(torch.float64)
        target = to_affine_nd(3, dst_affine).to(source)
        xform = torch.from_numpy(np.linalg.solve(source.cpu().numpy(), target.cpu().numpy()))
        size = [int(length) for length in spatial_size]
        unchanged = size == list(img.shape[1:]) and (
            torch.allclose(source, target, atol=AFFINE_TOL)
            or torch.allclose(xform, torch.eye(4, dtype=xform.dtype), atol=AFFINE_TOL)
        )
        noted = TraceableTransform.track_transform_meta(
            img,
            sp_size=size,
            affine=None if unchanged else xform,
            extra_info={
                "dtype": str(kind).removeprefix("torch."),
                "mode": mode,
                "padding_mode": padding_mode,
                "align_corners": False,
                "src_affine": source,
            },
            orig_size=tuple(img.shape[1:]),
            transform_info=self.get_transform_info(),
        )
        voxels = img.as_tensor()
        if not unchanged:
            voxels = self._resampled(voxels, xform.to(kind), size, mode == "nearest", padding_mode == "zeros")
        return MetaTensor(voxels).copy_meta_from(noted)

    def _resampled(
        self, volume: torch.Tensor, xform: torch.Tensor, size: Sequence[int], nearest: bool, zeros: bool
    ) -> torch.Tensor:
        """A volume (channels, x, y, z) at the positions ``xform @ (i, j, k, 1)``, (channels, *size)."""
        # the arithmetic is that of MONAI and of torch's affine_grid, to the last bit: where a position lies halfway
        # between two voxels, rounding decides
        theta = to_norm_affine(xform[None], volume.shape[1:], size)[0]
        oblique = theta[:3, :3] - torch.diag(theta.diagonal()[:3])
        if bool((oblique.abs() > (0 if nearest else 1e-9)).any()):
            slabs = self._slabs(size[0], size[1] * size[2])
            return _along_a_grid(volume, theta, size, nearest, zeros, slabs)
        axes = [
            _positions(theta[axis, axis], theta[axis, 3], have, want, zeros).to(volume.device)
            for axis, (have, want) in enumerate(zip(volume.shape[1:], size))
        ]
        if nearest:
            return _nearest(volume, axes)
        return _interpolated(volume, axes, self._slabs(size[0], max(volume[0, 0].numel(), size[1] * size[2])))

    def _slabs(self, count: int, voxels: int) -> Iterator[slice]:
        """Parts of an axis of ``count`` planes with so many voxels each."""
        planes = max(1, self.slab_voxels // voxels)
        return (slice(start, start + planes) for start in range(0, count, planes))


def _is_plain(volume: torch.Tensor, mode: Any, padding_mode: Any, align_corners: bool) -> bool:
    """Whether the volume and the options are of those that need little memory."""
    return (
        volume.ndim == 4
        and mode in ("nearest", "bilinear")
        and padding_mode in ("border", "zeros")
        and not align_corners
        and get_track_meta()
    )


def _steps(count: int, kind: torch.dtype) -> torch.Tensor:
    """Centres of voxels on an axis from -1 to 1."""
    return torch.linspace(-1, 1, count, dtype=kind) * (count - 1) / count


def _positions(scale: torch.Tensor, shift: torch.Tensor, have: int, want: int, zeros: bool) -> torch.Tensor:
    """Where the voxels of one axis of the result lie in the volume, in voxels."""
    found = ((_steps(want, scale.dtype) * scale + shift + 1) * have - 1) / 2
    return found if zeros else found.clamp(0, have - 1)


def _nearest(volume: torch.Tensor, axes: Sequence[torch.Tensor]) -> torch.Tensor:
    # the axis that grows most comes last: what lies between stays small
    for axis in sorted((1, 2, 3), key=lambda axis: len(axes[axis - 1]) / volume.shape[axis]):
        index = axes[axis - 1].round().long()
        outside = (index < 0) | (index >= volume.shape[axis])
        volume = volume.index_select(axis, index.clamp(0, volume.shape[axis] - 1))
        if bool(outside.any()):
            volume.index_fill_(axis, outside.nonzero().flatten(), 0)
    return volume


def _interpolated(volume: torch.Tensor, axes: Sequence[torch.Tensor], slabs: Iterable[slice]) -> torch.Tensor:
    result = volume.new_empty((volume.shape[0], *map(len, axes)), dtype=torch.float32)
    for part in slabs:
        ends = [_ends(positions, length) for positions, length in zip((axes[0][part], *axes[1:]), volume.shape[1:])]
        # eight corners, in the order in which torch's grid_sample adds them
        total = axes[0].new_zeros((volume.shape[0], *(len(end[0][0]) for end in ends)))
        for x, x_share in ends[0]:
            plane = volume.index_select(1, x)
            for y, y_share in ends[1]:
                line = plane.index_select(2, y)
                for z, z_share in ends[2]:
                    share = z_share * y_share[:, None] * x_share[:, None, None]
                    total += line.index_select(3, z).to(share.dtype).mul_(share)
        result[:, part] = total
    return result


def _ends(positions: torch.Tensor, length: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The voxels below and above each position on an axis, and their shares: 0 for those beyond the volume."""
    below = positions.floor()
    ends = ((below, below + 1 - positions), (below + 1, positions - below))
    return [(end.clamp(0, length - 1).long(), share * ((end >= 0) & (end < length))) for end, share in ends]


def _along_a_grid(
    volume: torch.Tensor,
    theta: torch.Tensor,
    size: Sequence[int],
    nearest: bool,
    zeros: bool,
    slabs: Iterable[slice],
) -> torch.Tensor:
    x, y, z = (_steps(count, theta.dtype) for count in size)
    rows = theta[[2, 1, 0]][:, [2, 1, 0, 3]].T  # torch counts the axes of a grid backwards
    source = volume.to(theta.dtype)[None].contiguous()
    result = volume.new_empty((volume.shape[0], *size), dtype=volume.dtype if nearest else torch.float32)
    for part in slabs:
        along_x, along_y, along_z = torch.meshgrid(x[part], y, z, indexing="ij")
        places = torch.stack((along_z, along_y, along_x, torch.ones_like(along_x)), dim=-1)
        grid = (places.view(-1, 4) @ rows).view(1, *along_x.shape, 3)
        result[:, part] = functional.grid_sample(
            source,
            grid.to(volume.device),
            mode="nearest" if nearest else "bilinear",
            padding_mode="zeros" if zeros else "border",
            align_corners=False,
        )[0]
    return result
