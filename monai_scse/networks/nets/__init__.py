"""The networks of the paper: U-Net, SD-Net and FC-DenseNet with squeeze & excitation."""

from __future__ import annotations

from .encoder_decoder import EncoderDecoder
from .sefcdensenet import SEFCDenseNet
from .sesdnet import SESDNet
from .seunet import SEUNet

__all__ = ["EncoderDecoder", "SEFCDenseNet", "SESDNet", "SEUNet"]
