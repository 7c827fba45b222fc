"""Squeeze & excitation for MONAI: cSE, sSE and scSE blocks, the networks of the paper, and what their bundles need.

Reference: A. G. Roy, N. Navab, C. Wachinger, "Concurrent Spatial and Channel Squeeze & Excitation in Fully
Convolutional Networks", MICCAI 2018, https://arxiv.org/abs/1803.02579.
"""

from __future__ import annotations

from . import data, errors, handlers, inferers, losses, metrics, transforms, versions
from .networks import blocks, describe_recalibration, layers, nets, recalibrate

__version__ = "0.1.0"

layers.register_recalibrated_norms()

__all__ = [
    "blocks",
    "data",
    "describe_recalibration",
    "errors",
    "handlers",
    "inferers",
    "layers",
    "losses",
    "metrics",
    "nets",
    "recalibrate",
    "transforms",
    "versions",
]
