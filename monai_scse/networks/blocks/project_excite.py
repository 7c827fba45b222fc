"""Project & Excite, the successor of the squeeze & excitation blocks for volumes.

References: A. M. Rickmann, A. G. Roy, I. Sarasua, N. Navab, C. Wachinger, "Project & Excite Modules for Segmentation of
Volumetric Medical Scans", MICCAI 2019, https://arxiv.org/abs/1906.04649. A. M. Rickmann, A. G. Roy, I. Sarasua,
C. Wachinger, "Recalibrating 3D ConvNets with Project & Excite", IEEE TMI 2020, https://arxiv.org/abs/2002.10994.

The block deviates from these papers in three ways. It has no biases by default, as the other blocks of this package. It
exists in 1D and 2D too. The first 1x1x1 convolution, which is linear, comes before the projections are broadcast, so
that their full-size sum Z is never held.
"""

from __future__ import annotations

import torch
from monai.networks.layers.factories import Conv
from torch import nn

from ...runtime.arguments import flag_of
from .arguments import check_sizes
from .squeeze_excitation import _check_reduction

__all__ = ["ProjectExcite"]


class ProjectExcite(nn.Module):
    """Project & Excite, PE: every element is multiplied by a gate in (0, 1) that keeps some of the spatial layout.

    The gate is ``sigmoid(V2 relu(V1 Z))``. ``Z`` is the sum of the projections ``z_h``, ``z_w`` and ``z_d``, each
    broadcast to the size of the input. A projection is the mean over all spatial axes but its own. ``V1`` and ``V2``
    are 1x1x1 convolutions.

    Args:
        spatial_dims: number of spatial dimensions of the input: 1, 2 or 3. In 1D the projection is the input itself.
        in_channels: number of channels C of the input.
        reduction: from 1 to ``in_channels``. ``V1`` has ``in_channels // reduction`` channels.
        bias: whether the two convolutions have a bias.

    Shape:
        input and output: (batch, C, *spatial).

    Raises:
        ValueError: when an argument is out of its range.

    Example:
        >>> import torch
        >>> block = ProjectExcite(spatial_dims=3, in_channels=64)
        >>> sum(p.numel() for p in block.parameters())
        4096
        >>> block(torch.rand(1, 64, 8, 9, 10)).shape
        torch.Size([1, 64, 8, 9, 10])
    """

    def __init__(self, spatial_dims: int, in_channels: int, reduction: int = 2, bias: bool = False) -> None:
        super().__init__()
        check_sizes(spatial_dims, in_channels=in_channels)
        _check_reduction(reduction, in_channels)
        convolution = Conv[Conv.CONV, spatial_dims]
        self.spatial_dims = spatial_dims
        self.squeeze = convolution(in_channels, in_channels // reduction, kernel_size=1, bias=flag_of("bias", bias))
        self.excite = convolution(in_channels // reduction, in_channels, kernel_size=1, bias=flag_of("bias", bias))

    def _squeezed_projection(self, x: torch.Tensor, axis: int) -> torch.Tensor:
        for other in range(2, self.spatial_dims + 2):
            if other != axis:
                x = x.mean(other, keepdim=True)
        # the projections are added up: their mean, each times their number, counts the bias of V1 once
        return self.squeeze(x * self.spatial_dims) / self.spatial_dims

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        """The gates of ``x``: (batch, C, *spatial), each in (0, 1)."""
        squeezed = self._squeezed_projection(x, 2)
        for axis in range(3, self.spatial_dims + 2):
            squeezed = squeezed + self._squeezed_projection(x, axis)
        return torch.sigmoid(self.excite(torch.relu(squeezed)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)
