"""Quality control of a torso: organs that lie in several pieces are flagged."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.transforms import MapTransform

from ..runtime.arguments import check_name, check_number
from .plausibility import note_doubts

__all__ = ["OrganPartsQCd"]


class OrganPartsQCd(MapTransform):
    """Note organs in several pieces in the meta data, entry :data:`QC_KEY`.

    Every organ is one piece in the body. A piece that reaches the first or the last slice along the body may be joined
    to the largest one beyond the scan. So it is no doubt, and nor is a small piece. Nothing is removed. The place of
    this transform is before MONAI's ``KeepLargestConnectedComponentd``, which removes pieces and says nothing.

    Args:
        keys: class indices, (1, x, y, z).
        image_key: the scan, on the same grid, which receives the same notes.
        min_share: smallest piece that counts, as a share of the organ.
        min_ml: smallest piece that counts, in ml.
        allow_missing_keys: whether a missing key is no error.

    Example:
        >>> import torch
        >>> from monai.data import MetaTensor
        >>> classes = torch.zeros(1, 40, 40, 40)
        >>> classes[:, 2:18, 2:18, 2:18], classes[:, 22:38, 2:18, 2:18] = 1, 1
        >>> pred = MetaTensor(classes, affine=torch.eye(4))
        >>> OrganPartsQCd("pred")({"pred": pred, "image": pred})["pred"].meta["qc"]
        {1: 'in 2 pieces of 4.1 and 4.1 ml, one expected'}
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        image_key: str = "image",
        min_share: float = 0.05,
        min_ml: float = 2.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_name("image_key", image_key)
        check_number("min_share", min_share, 0, 1)
        check_number("min_ml", min_ml, 0)
        self.image_key = image_key
        self.min_share = min_share
        self.min_ml = min_ml

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        from scipy.ndimage import find_objects

        checked = dict(data)
        for key in self.key_iterator(data):
            affine = np.asarray(data[self.image_key].affine.cpu())
            classes = np.moveaxis(data[key].cpu().numpy()[0], int(abs(affine[2, :3]).argmax()), -1)
            voxel_ml = abs(np.linalg.det(affine[:3, :3])) / 1000
            doubts = {}
            for index, box in enumerate(find_objects(classes.astype(np.uint8)), start=1):
                pieces = (
                    [] if box is None else self._pieces_ml(classes[box] == index, voxel_ml, box[2], classes.shape[2])
                )
                if len(pieces) > 1:
                    sizes = [f"{size:.1f}" for size in pieces]
                    listed = f"{', '.join(sizes[:-1])} and {sizes[-1]} ml"
                    doubts[index] = f"in {len(pieces)} pieces of {listed}, one expected"
            note_doubts(checked, (key, self.image_key), doubts)
        return checked

    def _pieces_ml(self, organ: np.ndarray, voxel_ml: float, slices: slice, last: int) -> list[float]:
        """Volumes of the pieces that count, the largest first, of an organ in some of the slices."""
        from scipy.ndimage import label

        parts, count = label(organ)
        volume = np.bincount(parts.ravel(), minlength=count + 1)[1:] * voxel_ml
        ends = [parts[..., 0]] if slices.start == 0 else []
        ends += [parts[..., -1]] if slices.stop == last else []
        joined = np.unique(np.concatenate([end.ravel() for end in ends])) if ends else np.array([], dtype=int)
        counted = volume >= max(self.min_ml, self.min_share * volume.sum())
        counted[joined[joined > 0] - 1] = False
        counted[volume.argmax()] = True
        return sorted(volume[counted].tolist(), reverse=True)
