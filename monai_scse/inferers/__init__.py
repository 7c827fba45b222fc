"""Inferers that MONAI does not have."""

from __future__ import annotations

from .argmax import ArgmaxInferer
from .argmax_slices import ArgmaxSliceInferer
from .autocast import AutocastInferer, prefers_bfloat16
from .mirrored import MirrorAgreementInferer, MirroredInferer
from .views import ViewAggregationInferer
from .zoomed import ZoomedInferer

__all__ = [
    "ArgmaxInferer",
    "ArgmaxSliceInferer",
    "AutocastInferer",
    "MirrorAgreementInferer",
    "MirroredInferer",
    "ViewAggregationInferer",
    "ZoomedInferer",
    "prefers_bfloat16",
]
