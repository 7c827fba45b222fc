"""Test-time augmentation: several forward passes for each image, and the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from monai.inferers import Inferer
from torch.nn.functional import interpolate

from ..labels import Structure, mirrored_classes
from ..runtime import InputError
from ..runtime.arguments import check_list, check_number, check_whole

__all__ = ["AveragingInferer", "FlipPass", "IdentityPass", "Pass", "ZoomPass", "averaged"]

_LARGEST_FACTOR = 16  # more than any scan and memory need

Network = Callable[..., torch.Tensor]


class Pass(Protocol):
    """One forward pass: softmax probabilities (batch, classes, *spatial), on the grid of the image ``x``."""

    def __call__(self, network: Network, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor: ...


class IdentityPass:
    """A forward pass over the image as it is."""

    def __call__(self, network: Network, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        return network(x, *args, **kwargs).float().softmax(dim=1)


class FlipPass:
    """A forward pass over the mirror image, whose left and right structures are exchanged in the prediction.

    Args:
        structures: the classes, index 0 is background, whose "left ..." and "right ..." make the pairs.
        spatial_axis: the left-right axis of what the network gets, counted without batch and channel. It is -1 where
            the channels are slices from left to right.
    """

    def __init__(self, structures: Sequence[Structure], spatial_axis: int = 0) -> None:
        check_whole("spatial_axis", spatial_axis, -1)
        self.mirrored_class = torch.tensor(mirrored_classes(structures))
        self.axis = spatial_axis + 2

    def __call__(self, network: Network, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        check_whole("spatial_axis", self.axis - 2, -1, x.dim() - 3)
        mirrored = network(x.flip(self.axis), *args, **kwargs).float().softmax(dim=1)
        if self.axis > 1:
            mirrored = mirrored.flip(self.axis)
        return mirrored.index_select(1, self.mirrored_class.to(x.device))


class ZoomPass:
    """A forward pass over the image at another size.

    Where the people of the training data are smaller or larger than the one in the scan, another size is closer to
    them. Slabs of neighbouring slices are zoomed within the slices only.

    Args:
        factor: the size as a multiple of the image's.

    Raises:
        InputError: when the factor is not above 0, or above 16.
    """

    def __init__(self, factor: float) -> None:
        check_number("factor", factor, 0, _LARGEST_FACTOR, above=True)
        self.factor = factor

    def __call__(self, network: Network, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        size, mode = x.shape[2:], "trilinear" if x.dim() == 5 else "bilinear"
        zoomed = [max(1, round(self.factor * length)) for length in size]
        logits = network(interpolate(x, zoomed, mode=mode), *args, **kwargs).float()
        return interpolate(logits, size, mode=mode).softmax(dim=1)


def averaged(network: Network, passes: Sequence[Pass]) -> Network:
    """A network that gives the logarithm of the mean softmax probabilities of several passes in place of logits.

    Args:
        network: gives logits.
        passes: the forward passes, in the order in which their probabilities are added.
    """

    def mean_of_passes(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        first, *others = (each(network, x, *args, **kwargs) for each in passes)
        mean = sum(others, start=first) / len(passes)
        return mean.clamp(min=torch.finfo(mean.dtype).tiny).log()  # finite also where all probabilities are 0

    return mean_of_passes


class AveragingInferer(Inferer):
    """Run another inferer with the mean of several predictions of the network: test-time augmentation.

    The inferer receives logarithms of the mean softmax probabilities in place of logits. MONAI's
    ``TestTimeAugmentation`` draws random transforms for whole samples. These passes are fixed, and run within the
    slices or windows of the inferer.

    Args:
        inferer: the inferer to run.
        passes: the forward passes: :class:`IdentityPass`, :class:`FlipPass` and :class:`ZoomPass`.

    Shape:
        input and output: those of the inferer.

    Raises:
        ValueError: when there is no pass.

    Example:
        >>> from monai.inferers import SimpleInferer
        >>> inferer = AveragingInferer(SimpleInferer(), [ZoomPass(0.5), IdentityPass()])
        >>> inferer(torch.rand(1, 1, 8, 8), torch.nn.Conv2d(1, 3, 1)).exp().sum(dim=1).allclose(torch.ones(1, 8, 8))
        True
    """

    def __init__(self, inferer: Inferer, passes: Sequence[Pass]) -> None:
        super().__init__()
        check_list("passes", passes)
        if not passes or not all(map(callable, passes)):
            raise InputError(f"passes must hold at least one forward pass, got {passes!r}.")
        self.inferer = inferer
        self.passes = list(passes)

    def __call__(self, inputs: torch.Tensor, network: Network, *args: Any, **kwargs: Any) -> Any:
        return self.inferer(inputs, averaged(network, self.passes), *args, **kwargs)
