"""A second look at every image, mirrored: to average it with the first, or to see how far both agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer, SliceInferer

from ..labels import mirrored_classes
from .averaging import mean_log_softmax

__all__ = ["MirrorAgreementInferer", "MirroredInferer", "flip_tta"]


def flip_tta(
    network: Callable[..., torch.Tensor], mirrored_class: torch.Tensor, axis: int
) -> Callable[..., torch.Tensor]:
    """The mean of a network's predictions for an image and for its mirror image, left and right exchanged.

    Args:
        network: gives logits.
        mirrored_class: the class on the other side for every class.
        axis: the left-right axis of the image: a spatial one, or 1 where the channels are slices from left to right.

    Returns:
        gives logarithms of the mean softmax probabilities in the place of logits.
    """

    def both(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        seen = network(x, *args, **kwargs).float().softmax(dim=1)
        mirrored = network(x.flip(axis), *args, **kwargs).float().softmax(dim=1)
        if axis > 1:
            mirrored = mirrored.flip(axis)
        return mean_log_softmax((seen, mirrored.index_select(1, mirrored_class.to(x.device))))

    return both


class _Mirror(Inferer):
    """An inferer with a mirror before it; arguments as in those that follow."""

    def __init__(self, inferer: Inferer, protocol: str = "structures27", spatial_axis: int = 0) -> None:
        super().__init__()
        self.inferer = inferer
        self.mirrored_class = torch.tensor(mirrored_classes(protocol))
        self.axis = spatial_axis + 2


class MirroredInferer(_Mirror):
    """Run another inferer with the mean of two predictions: of the image, and of its mirror image mirrored back.

    Left and right structures are exchanged in the mirrored prediction. The inferer sees logarithms of the mean softmax
    probabilities in the place of logits.

    Args:
        inferer: the inferer to run.
        protocol: name of the label protocol, whose "left ..." and "right ..." structures make the pairs.
        spatial_axis: the left-right axis of what the network sees, counted without batch and channel.
    """

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        return self.inferer(inputs, flip_tta(network, self.mirrored_class, self.axis), *args, **kwargs)


class MirrorAgreementInferer(_Mirror):
    """Run another inferer on the image, and on the mirror image of some of its slices, and give both segmentations.

    Where they differ, the network is not sure. :class:`monai_scse.transforms.RecordConfidenced` makes a measure of that
    for each structure. Slices along the left-right axis are looked at once: each is its own mirror image.

    Args:
        inferer: MONAI's ``SliceInferer`` or one of its kind; its first channel is class indices.
        protocol: name of the label protocol, whose "left ..." and "right ..." structures make the pairs.
        spatial_axis: the left-right axis of the image, counted without batch and channel.
        every: 4 looks at the mirror image of every fourth slice, for a quarter more time; 0 at none.

    Shape:
        input: (batch, channels, *spatial); output: the channels of the inferer, and where mirror images were looked at
            one more with their class indices, mirrored back; -1 in all other slices.
    """

    def __init__(
        self, inferer: SliceInferer, protocol: str = "structures27", spatial_axis: int = 0, every: int = 4
    ) -> None:
        super().__init__(inferer, protocol, spatial_axis)
        self.every = 0 if inferer.spatial_dim == spatial_axis else every

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        seen = self.inferer(inputs, network, *args, **kwargs)
        if not self.every:
            return seen
        some = (*[slice(None)] * (self.inferer.spatial_dim + 2), slice(self.every // 2, None, self.every))
        mirrored = self.inferer(inputs[some].flip(self.axis), network, *args, **kwargs)[:, :1].flip(self.axis)
        other = torch.full_like(seen[:, :1], -1)
        other[some] = self.mirrored_class.to(seen.device)[torch.as_tensor(mirrored).long()].to(seen.dtype)
        return torch.cat((seen, other), dim=1)
