"""Mixed precision on any device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer, SimpleInferer

from ..runtime.arguments import flag_of
from ..runtime.devices import device_of

__all__ = ["AutocastInferer", "prefers_bfloat16"]


def prefers_bfloat16(device: torch.device | str) -> bool:
    """Whether a network runs faster in bfloat16 than in float32 on this device.

    True for CUDA devices with bfloat16 units and for CPUs with AVX-512 BF16 or AMX instructions.
    """
    if device_of(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # not in every version of torch
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


class AutocastInferer(Inferer):
    """Run another inferer under bfloat16 autocast, on CPU as well as on CUDA, and return float32.

    Nearest is ``amp`` of MONAI's engines, which works on CUDA only. bfloat16 has the range of float32: training needs
    no loss scaling.

    Args:
        inferer: the inferer to run. None runs a plain forward pass.
        amp: whether to use autocast at all, a boolean or a word such as ``"true"``.
    """

    def __init__(self, inferer: Inferer | None = None, amp: bool | str = True) -> None:
        super().__init__()
        self.inferer = SimpleInferer() if inferer is None else inferer
        self.amp = flag_of("amp", amp)

    def __call__(self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any) -> Any:
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16, enabled=self.amp):
            return self.inferer(inputs, network, *args, **kwargs).float()
