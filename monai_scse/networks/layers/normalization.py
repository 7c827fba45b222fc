"""Normalisation followed by recalibration, registered in MONAI's ``Norm`` factory.

Puts squeeze & excitation into stock MONAI networks from their ``norm`` argument alone: ``norm="batch_scse"`` or
``norm=("instance_scse", {"reduction": 4})``. It then sits behind the normalisation of *every* convolution and before
its activation. The paper puts it once in each encoder or decoder block, behind the activation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from monai.networks.layers.factories import Norm
from torch import nn

from ...runtime import InputError
from ..blocks.arguments import check_layer, check_sizes
from .recalibration import Recal, get_recal_layer

__all__ = ["RecalibratedNorm", "register_recalibrated_norms"]


class RecalibratedNorm(nn.Sequential):
    """A MONAI normalisation layer followed by a recalibration block.

    Args:
        spatial_dims: number of spatial dimensions of the input: 1, 2 or 3.
        norm: name of the normalisation in MONAI's ``Norm`` factory.
        recal: name of the block in the ``Recal`` factory.
        num_features: number of channels of the input.
        norm_options: further arguments of the normalisation, for example ``{"affine": True}``.
        recal_options: further arguments of the block, for example ``reduction=4``.

    Shape:
        input and output: (batch, num_features, *spatial).
    """

    def __init__(
        self,
        spatial_dims: int,
        norm: str,
        recal: str,
        num_features: int,
        norm_options: dict[str, Any] | None = None,
        **recal_options: Any,
    ) -> None:
        super().__init__()
        check_sizes(spatial_dims, num_features=num_features)
        check_layer("norm", Norm, norm)
        if norm_options is not None and not isinstance(norm_options, Mapping):
            raise InputError(f"norm_options must be options by name, got {norm_options!r}.")
        self.add_module("norm", Norm[norm, spatial_dims](num_features, **(norm_options or {})))
        self.add_module("recal", get_recal_layer((recal, recal_options), spatial_dims, num_features))


def _factory(norm: str, recal: str) -> Callable[[int], Callable[..., nn.Module]]:
    return lambda spatial_dims: partial(RecalibratedNorm, spatial_dims, norm, recal)


def register_recalibrated_norms() -> None:
    """Add ``batch_<name>`` and ``instance_<name>`` to MONAI's ``Norm`` factory for every name of the ``Recal`` factory.

    The package calls it once: ``batch_cse``, ``batch_sse``, ``batch_scse``, ``batch_pe`` and their ``instance_`` twins.
    Call it again after registering further blocks. Names that exist already are left alone.
    """
    for norm in ("batch", "instance"):
        for recal in map(str.lower, Recal.names):
            name = f"{norm}_{recal}"
            if name.upper() not in Norm.names:
                Norm.add_factory_callable(name, _factory(norm, recal), f"{norm} normalisation followed by {recal}.")
