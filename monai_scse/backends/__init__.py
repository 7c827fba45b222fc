"""Networks that another library than PyTorch runs."""

from __future__ import annotations

from .calibration import Calibration
from .compiled import CompiledNetwork
from .model_cache import ModelCache, network_checksum
from .onnx_runtime import ONNXRuntimeNetwork
from .openvino import OpenVINONetwork

__all__ = [
    "Calibration",
    "CompiledNetwork",
    "ModelCache",
    "ONNXRuntimeNetwork",
    "OpenVINONetwork",
    "network_checksum",
]
