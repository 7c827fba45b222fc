"""What TensorRT needs, checked before it starts."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from .devices import device_of
from .errors import InputError

if TYPE_CHECKING:
    import torch

__all__ = ["require_tensorrt"]


def require_tensorrt(device: torch.device | str) -> None:
    """Check that ``monai.networks.trt_compile`` can work on a device, since it does nothing where a package is missing.

    Args:
        device: where the network is to run.

    Raises:
        InputError: when the device is no usable NVIDIA GPU, or TensorRT or polygraphy is not installed.
    """
    import torch

    if device_of(device).type != "cuda" or not torch.cuda.is_available():
        raise InputError(
            f"inference_trt.json: TensorRT needs an NVIDIA GPU, the device is {device}; use inference.json alone."
        )
    missing = [package for package in ("tensorrt", "polygraphy") if find_spec(package) is None]
    if missing:
        raise InputError(
            f"inference_trt.json: {' and '.join(missing)} not installed; pip install tensorrt polygraphy cuda-python."
        )
