"""Class weights by median frequency balancing."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from ..runtime.arguments import check_whole

__all__ = ["median_frequency_weights"]


def median_frequency_weights(labels: Iterable[torch.Tensor], num_classes: int) -> torch.Tensor:
    """Weights that balance the classes: ``median(frequency) / frequency`` of each class.

    The frequency of a class is its number of pixels divided by the number of pixels of the images in which it occurs.
    The median is over the classes that occur. A class that never occurs gets weight 0.

    Reference: D. Eigen, R. Fergus, "Predicting Depth, Surface Normals and Semantic Labels with a Common Multi-Scale
    Convolutional Architecture", ICCV 2015, section 4.3.

    Args:
        labels: the label images of the training set, class indices, of any shape each. The negative numbers of
            :func:`monai_scse.labels.mark_unknown_classes` count as background.
        num_classes: number of classes, background included.

    Returns:
        weights, float32, (num_classes,).

    Raises:
        ValueError: when there are no labels, or a label is ``num_classes`` or more.

    Example:
        >>> median_frequency_weights([torch.tensor([[0, 0], [0, 1]])], num_classes=3)
        tensor([0.6667, 2.0000, 0.0000])
    """
    check_whole("num_classes", num_classes, 1)
    pixels = torch.zeros(num_classes, dtype=torch.float64)
    pixels_where_present = torch.zeros(num_classes, dtype=torch.float64)
    for label in labels:
        indices = label.flatten().to(torch.int64).cpu().clamp(min=0)
        counts = torch.bincount(indices, minlength=num_classes)
        if len(counts) > num_classes:
            raise ValueError(f"labels must be below num_classes={num_classes}, got {len(counts) - 1}.")
        pixels += counts
        pixels_where_present[counts > 0] += label.numel()
    present = pixels > 0
    if not present.any():
        raise ValueError("labels must hold at least one labelled image.")
    frequency = pixels[present] / pixels_where_present[present]
    weights = torch.zeros(num_classes, dtype=torch.float64)
    weights[present] = torch.quantile(frequency, 0.5) / frequency
    return weights.float()
