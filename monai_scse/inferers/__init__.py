"""Inferers that MONAI does not have."""

from __future__ import annotations

from .agreement import MirrorAgreementInferer
from .argmax import ArgmaxInferer
from .argmax_slices import ArgmaxSliceInferer
from .autocast import AutocastInferer, prefers_bfloat16
from .averaging import AveragingInferer, FlipPass, IdentityPass, Pass, ZoomPass
from .brain_extractor import BrainExtractor
from .contrast import ContrastInferer
from .views import ViewAggregationInferer

__all__ = [
    "ArgmaxInferer",
    "ArgmaxSliceInferer",
    "AutocastInferer",
    "AveragingInferer",
    "BrainExtractor",
    "ContrastInferer",
    "FlipPass",
    "IdentityPass",
    "MirrorAgreementInferer",
    "Pass",
    "ViewAggregationInferer",
    "ZoomPass",
    "prefers_bfloat16",
]
