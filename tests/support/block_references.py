"""What the tests of the recalibration blocks share: inputs, random weights, and parts of the equations in numpy."""

from __future__ import annotations

import numpy as np
from torch import nn

SHAPES = {1: (2, 6, 7), 2: (2, 6, 5, 4), 3: (2, 6, 3, 4, 5)}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def numpy_of(layer: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """Weight as a matrix (outputs, inputs), and bias, zero when the layer has none."""
    weight = layer.weight.detach().numpy().reshape(layer.weight.shape[0], -1)
    return weight, np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy()


def randomised(block: nn.Module) -> nn.Module:
    """In float64, with weights large enough to drive the gates far from 1/2."""
    for parameter in block.double().parameters():
        nn.init.normal_(parameter, std=1.5)
    return block
