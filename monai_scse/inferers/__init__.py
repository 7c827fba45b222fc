"""Inferers that MONAI does not have."""

from __future__ import annotations

from .argmax import ArgmaxInferer
from .argmax_slices import ArgmaxSliceInferer
from .autocast import AutocastInferer, bfloat16_pays
from .mirrored import MirrorAgreementInferer, MirroredInferer
from .tensorrt import require_tensorrt
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
    "bfloat16_pays",
    "require_tensorrt",
]
