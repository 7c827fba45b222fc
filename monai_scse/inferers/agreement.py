"""How far the segmentation of an image agrees with that of its mirror image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from monai.inferers import Inferer, SliceInferer

from ..labels import Structure, mirrored_classes
from ..runtime.arguments import check_whole

__all__ = ["MirrorAgreementInferer"]


class MirrorAgreementInferer(Inferer):
    """Run another inferer on the image, and on the mirror image of some of its slices, and give both segmentations.

    Where they differ, the network is not sure. :class:`monai_scse.transforms.RecordConfidenced` makes a measure of that
    for each structure. Slices along the left-right axis get one forward pass: each is its own mirror image. MONAI's
    ``TestTimeAugmentation`` measures agreement between random transforms of whole samples, and takes a pass for each.

    Args:
        inferer: MONAI's ``SliceInferer`` or one of its kind. Its first channel is class indices.
        structures: the classes, index 0 is background, whose "left ..." and "right ..." make the pairs.
        spatial_axis: the left-right axis of the image, counted without batch and channel.
        every: 4 adds a forward pass for the mirror image of every fourth slice, a quarter more time. 0 adds none.

    Shape:
        input: (batch, channels, *spatial). Output: the channels of the inferer, and unless ``every`` is 0 one more. It
            holds the class indices of the mirror images, mirrored back, and -1 in all other slices.
    """

    def __init__(
        self, inferer: SliceInferer, structures: Sequence[Structure], spatial_axis: int = 0, every: int = 4
    ) -> None:
        super().__init__()
        check_whole("spatial_axis", spatial_axis, 0, 2)
        check_whole("every", every, 0)
        self.inferer = inferer
        self.mirrored_class = torch.tensor(mirrored_classes(structures))
        self.axis = spatial_axis + 2
        self.every = 0 if inferer.spatial_dim == spatial_axis else every

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        def segmented(volume: torch.Tensor) -> torch.Tensor:
            return cast(torch.Tensor, self.inferer(volume, network, *args, **kwargs))

        straight = segmented(inputs)
        if not self.every:
            return straight
        some = (*[slice(None)] * (self.inferer.spatial_dim + 2), slice(self.every // 2, None, self.every))
        mirrored = segmented(inputs[some].flip(self.axis))[:, :1].flip(self.axis)
        other = torch.full_like(straight[:, :1], -1)
        other[some] = self.mirrored_class.to(straight.device)[torch.as_tensor(mirrored).long()].to(straight.dtype)
        return torch.cat((straight, other), dim=1)
