"""Squeeze & excitation for MONAI: cSE, sSE and scSE blocks, the networks of the paper, and what their bundles need.

Reference: A. G. Roy, N. Navab, C. Wachinger, "Concurrent Spatial and Channel Squeeze & Excitation in Fully
Convolutional Networks", MICCAI 2018, https://arxiv.org/abs/1803.02579.
"""

from __future__ import annotations

from . import (
    backends,
    data,
    dicom,
    handlers,
    inferers,
    labels,
    losses,
    metrics,
    networks,
    reports,
    runtime,
    transforms,
    visualize,
)
from .networks import SEGateRecorder, describe_recalibration, recalibrate
from .networks.blocks import ChannelSqueezeExcite, SpatialChannelSqueezeExcite, SpatialSqueezeExcite
from .networks.layers import Recal, get_recal_layer, register_recalibrated_norms
from .networks.nets import SEFCDenseNet, SESDNet, SEUNet
from .segmenter import Segmentation, Segmenter, segment

__version__ = "0.1.0"

register_recalibrated_norms()

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
