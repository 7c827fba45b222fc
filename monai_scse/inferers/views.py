"""Several views of one volume, combined."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.inferers import Inferer

from ..labels import Structure, mirrored_classes
from ..runtime import InputError
from ..runtime.arguments import check_list, check_number, check_whole, flag_of
from ..transforms import StackAdjacentSlicesd
from .averaging import FlipPass, IdentityPass, averaged

__all__ = ["ViewAggregationInferer"]


class ViewAggregationInferer(Inferer):
    """Combine 2D networks that see the same volume along different axes, by a weighted mean of their probabilities.

    A sagittal network does not know left from right. What it gives to a structure of either side counts for both sides,
    and the other views decide by position (A. G. Roy et al., "QuickNAT: A fully convolutional network for quick and
    accurate segmentation of neuroanatomy", NeuroImage 186 (2019)). MONAI's ``EnsembleEvaluator`` with ``MeanEnsembled``
    keeps the logits of all networks for the whole volume, and gives every network the same slices.

    Args:
        networks: networks of the further views. They are put into evaluation mode.
        spatial_dims: the axes they see slices along: 0, 1 or 2 (sagittal, coronal, axial after reorientation to RAS).
        weights: of the mean, that of the evaluator's own network first.
        structures: the classes, index 0 is background, whose "left ..." and "right ..." make the pairs.
        spatial_dim: the axis that the evaluator's own network sees slices along.
        num_slices: slices that every network sees at a time.
        sw_batch_size: number of slices in a forward pass.
        mirrored: whether every view adds a forward pass over the mirror image, left and right exchanged. A boolean or a
            word such as ``"true"``.
        progress: whether to show a progress bar.
        confidence: whether to return the probability of the class as a second channel. That of a structure of either
            side includes all that the sagittal network gives to both.

    Shape:
        input: (1, num_slices, x, y, z), slices stacked along ``spatial_dim``. Output: class indices, float,
        (1, 1 or 2, x, y, z).

    Raises:
        ValueError: when there is not one axis for each network, and one weight more.
    """

    def __init__(
        self,
        networks: Sequence[torch.nn.Module],
        spatial_dims: Sequence[int],
        weights: Sequence[float],
        structures: Sequence[Structure],
        spatial_dim: int = 1,
        num_slices: int = 1,
        sw_batch_size: int = 4,
        mirrored: bool | str = False,
        progress: bool = False,
        confidence: bool = False,
    ) -> None:
        super().__init__()
        check_list("spatial_dims", spatial_dims)
        check_list("weights", weights)
        check_whole("spatial_dim", spatial_dim, 0, 2)
        for axis in spatial_dims:
            check_whole("spatial_dims", axis, 0, 2)
        for weight in weights:
            check_number("weights", weight, 0)
        check_whole("num_slices", num_slices, 1)
        check_whole("sw_batch_size", sw_batch_size, 1)
        if not len(networks) == len(spatial_dims) == len(weights) - 1:
            raise ValueError(
                "networks, spatial_dims and weights must be n, n and n + 1, "
                f"got {len(networks)}, {len(spatial_dims)} and {len(weights)}."
            )
        if not 0 < sum(weights) < math.inf:
            raise InputError(f"weights must not all be 0, got {weights!r}.")
        self.networks = [network.eval() for network in networks]
        self.spatial_dims = (spatial_dim, *spatial_dims)
        self.weights = [weight / sum(weights) for weight in weights]
        self.num_slices = num_slices
        self.sw_batch_size = sw_batch_size
        self.mirrored_class = torch.tensor(mirrored_classes(structures))
        self.structures = structures
        self.mirrored = flag_of("mirrored", mirrored)
        self.progress = flag_of("progress", progress)
        self.confidence = flag_of("confidence", confidence)

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        from tqdm import tqdm  # a network alone does not need it

        if inputs.shape[1] != self.num_slices:
            raise InputError(f"num_slices must be that of the input, {inputs.shape[1]}, got {self.num_slices}.")
        volume = torch.as_tensor(inputs)[0, self.num_slices // 2][None]
        total = torch.empty(0)
        views: list[Callable[..., torch.Tensor]] = [network, *self.networks]
        for view, axis, weight in zip(views, self.spatial_dims, self.weights):
            if self.mirrored:  # left-right are the slices of a sagittal slab, and the first axis of any other
                view = averaged(view, [IdentityPass(), FlipPass(self.structures, -1 if axis == 0 else 0)])
            slabs = StackAdjacentSlicesd("volume", self.num_slices, axis)({"volume": volume})["volume"]
            slabs = slabs.movedim(axis + 1, 0)
            starts = range(0, len(slabs), self.sw_batch_size)
            for start in tqdm(starts, desc="slices", leave=False, disable=not self.progress):
                part = slice(start, start + self.sw_batch_size)
                probability = view(slabs[part], *args, **kwargs).float().softmax(dim=1)
                if axis == 0:
                    probability = self._for_both_sides(probability)
                if not total.numel():
                    total = volume.new_zeros((probability.shape[1], *volume.shape[1:]), dtype=torch.float16)
                total.movedim(axis + 1, 0)[part] += (weight * probability).to(total.dtype)
        # what a sagittal network gives to both sides belongs to the side that is found, so nothing is normalised again
        probability, classes = total.max(dim=0)
        found = (classes, probability.clamp(max=1)) if self.confidence else (classes,)
        return torch.stack([part.float() for part in found])[None]

    def _for_both_sides(self, probability: torch.Tensor) -> torch.Tensor:
        exchange = self.mirrored_class.to(probability.device)
        paired = exchange != torch.arange(len(exchange), device=probability.device)
        other = probability.index_select(1, exchange)
        return torch.where(paired.view(1, -1, 1, 1), probability + other, probability)
