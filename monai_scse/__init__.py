"""Squeeze & excitation for MONAI: cSE, sSE and scSE blocks, the networks of the paper, and what their bundles need.

Reference: A. G. Roy, N. Navab, C. Wachinger, "Concurrent Spatial and Channel Squeeze & Excitation in Fully
Convolutional Networks", MICCAI 2018, https://arxiv.org/abs/1803.02579.
"""

from __future__ import annotations

from importlib import import_module
from sys import modules

from lazy_loader import attach_stub

from .when_loaded import when_loaded

__version__ = "0.1.0"

# the names and where they are stand in __init__.pyi; each is imported when it is first used
__getattr__, __dir__, _names = attach_stub(__name__, __file__)

__all__ = [
    "ChannelSqueezeExcite",
    "Recal",
    "SEFCDenseNet",
    "SEGateRecorder",
    "SESDNet",
    "SEUNet",
    "Segmentation",
    "Segmenter",
    "SpatialChannelSqueezeExcite",
    "SpatialSqueezeExcite",
    "describe_recalibration",
    "get_recal_layer",
    "recalibrate",
    "segment",
]


def _register_norms() -> None:
    if f"{__name__}.networks" not in modules:  # else its own import goes on to them
        import_module(f"{__name__}.networks")


# norms such as "batch_scse" are among MONAI's own as soon as both packages are imported
when_loaded("monai", _register_norms)
