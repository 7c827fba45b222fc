"""A network of PyTorch that another library runs."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..runtime import InputError
from ..runtime.devices import device_of
from .model_cache import ModelCache

__all__ = ["CompiledNetwork"]

Run = Callable[[np.ndarray], np.ndarray]
_EXAMPLE = (32, 48, 16)  # size of the image that a network is exported with. It then takes any size.


class CompiledNetwork(torch.nn.Module, ABC):
    """A network that looks like the one it wraps, and that another library runs on the CPU.

    Weights are loaded into it as into the wrapped network. The first forward pass compiles it, or takes it from the
    cache. It takes and returns tensors of PyTorch, and any number and size of images. MONAI's ``TrtCompiler`` is
    nearest: it works for TensorRT alone, and goes on in PyTorch where a package is missing.

    Args:
        network: the network. Its input is (batch, channels, *spatial), the output one tensor.
        device: where the user wants it to run. Anything but the CPU is refused.
        cache_dir: folder that keeps compiled networks. None for one of the user, see :class:`ModelCache`.

    Raises:
        InputError: when the device is no CPU, or a package is missing.
    """

    #: The config file that the messages name.
    overlay: str
    #: Packages that it imports, and the extra that brings them.
    packages: Sequence[str]
    extra: str

    def __init__(
        self, network: torch.nn.Module, device: torch.device | str = "cpu", cache_dir: str | Path | None = None
    ) -> None:
        super().__init__()
        if device_of(device).type != "cpu":
            raise InputError(f"{self.overlay}: needs the CPU, the device is {device}; use cpu or leave the file out.")
        if missing := [package for package in self.packages if find_spec(package) is None]:
            names = " and ".join(missing)
            raise InputError(f"{self.overlay}: {names} not installed; pip install 'monai-scse[{self.extra}]'.")
        self.network = network
        self.cache = ModelCache(cache_dir)
        self._run: Run | None = None

    @abstractmethod
    def compile_for(self, x: torch.Tensor) -> Run:
        """What runs the network on arrays.

        Args:
            x: an image, (batch, channels, *spatial).
        """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output of the network, float32.

        Args:
            x: images, (batch, channels, *spatial).

        Raises:
            InputError: in training mode.
        """
        if self.training:
            raise InputError(f"{self.overlay}: cannot train; leave the file out of a training.")
        x = torch.as_tensor(x).as_subclass(torch.Tensor).detach().float().contiguous()
        if self._run is None:
            with torch.inference_mode(False), torch.no_grad(), torch.autocast("cpu", enabled=False):
                self._run = self.compile_for(x)
        return torch.from_numpy(self._run(x.numpy()))

    def exported(self, x: torch.Tensor) -> torch.export.ExportedProgram:
        """The wrapped network for any batch and size.

        Args:
            x: an image, (batch, channels, *spatial).
        """
        example = torch.zeros(2, x.shape[1], *_EXAMPLE[: x.ndim - 2])  # a batch of 1 would be taken for fixed
        sizes = dict.fromkeys((0, *range(2, x.ndim)), torch.export.Dim.DYNAMIC)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(self.network.eval(), (example,), dynamic_shapes=(sizes,))

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The weights of the wrapped network."""
        return self.network.state_dict(*args, **kwargs)

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Load weights into the wrapped network. The next forward pass compiles it."""
        self._run = None
        return self.network.load_state_dict(*args, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        """A copy, whose weights or layers may change, compiles for itself."""
        return {**self.__dict__, "_run": None}
