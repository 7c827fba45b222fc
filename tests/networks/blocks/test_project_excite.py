"""Project & Excite against the equations of its paper in plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.block_references import SHAPES, numpy_of, randomised, sigmoid

from monai_scse.networks.blocks import ProjectExcite


def numpy_pe(block: ProjectExcite, u: np.ndarray) -> np.ndarray:
    (v1, b1), (v2, b2) = numpy_of(block.squeeze), numpy_of(block.excite)
    out = np.empty_like(u)
    for n in range(u.shape[0]):
        # one projection an axis, z_h, z_w, z_d: (channels, length of the axis), the mean of all that shares an index
        projections = [
            np.array([[np.take(channel, i, axis).mean() for i in range(channel.shape[axis])] for channel in u[n]])
            for axis in range(u.ndim - 2)
        ]
        for position in np.ndindex(u.shape[2:]):
            here = (n, slice(None), *position)
            z = sum(projection[:, i] for projection, i in zip(projections, position, strict=True))
            out[here] = sigmoid(v2 @ np.maximum(v1 @ z + b1, 0) + b2) * u[here]
    return out


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("reduction", [1, 2, 4, 6])
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_pe_equals_the_equations(spatial_dims: int, reduction: int, bias: bool) -> None:
    block = randomised(ProjectExcite(spatial_dims, 6, reduction, bias))
    u = torch.randn(SHAPES[spatial_dims], dtype=torch.float64)
    assert block.squeeze.out_channels == 6 // reduction
    np.testing.assert_allclose(block(u).detach().numpy(), numpy_pe(block, u.numpy()), rtol=1e-11)


def test_gate_by_hand() -> None:
    block = ProjectExcite(2, 2)
    with torch.no_grad():
        block.squeeze.weight.copy_(torch.tensor([1.0, -1.0]).view(1, 2, 1, 1))
        block.excite.weight.copy_(torch.tensor([1.0, 2.0]).view(2, 1, 1, 1))
    u = torch.tensor([[[[1.0, 3.0], [5.0, 7.0]], [[0.0, 0.0], [0.0, 8.0]]]])
    # rows: 2, 6 and 0, 4. Columns: 3, 5 and 0, 4. Z: [[5, 7], [9, 11]] and [[0, 4], [4, 8]]. V1 Z: [[5, 3], [5, 3]]
    hidden = torch.tensor([[5.0, 3.0], [5.0, 3.0]])
    torch.testing.assert_close(block.gate(u)[0], torch.sigmoid(torch.stack([hidden, 2 * hidden])))


@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
def test_number_of_parameters(spatial_dims: int) -> None:
    def count(block: ProjectExcite) -> int:
        return sum(parameter.numel() for parameter in block.parameters())

    assert count(ProjectExcite(spatial_dims, 64)) == 64**2
    assert count(ProjectExcite(spatial_dims, 64, reduction=4, bias=True)) == 64**2 / 2 + 16 + 64
