"""Building blocks. They do not depend on the networks that use them."""

from __future__ import annotations

from .ai_med import load_ai_med_state_dict
from .convolutions import ConvNormAct, FCDenseBlock
from .project_excite import ProjectExcite
from .resampling import MaxPool, MaxPoolWithIndices, MaxUnpool, TransposedConvolution, crop_to_size, pad_to_multiple
from .squeeze_excitation import MERGE_MODES, ChannelSqueezeExcite, SpatialChannelSqueezeExcite, SpatialSqueezeExcite

__all__ = [
    "ChannelSqueezeExcite",
    "ConvNormAct",
    "FCDenseBlock",
    "MERGE_MODES",
    "MaxPool",
    "MaxPoolWithIndices",
    "MaxUnpool",
    "ProjectExcite",
    "SpatialChannelSqueezeExcite",
    "SpatialSqueezeExcite",
    "TransposedConvolution",
    "crop_to_size",
    "load_ai_med_state_dict",
    "pad_to_multiple",
]
