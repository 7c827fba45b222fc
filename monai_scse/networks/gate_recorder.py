"""The gates of squeeze & excitation blocks while a network runs."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import torch
from torch import nn

from ..runtime import check_device
from .blocks import ChannelSqueezeExcite, ProjectExcite, SpatialChannelSqueezeExcite, SpatialSqueezeExcite

__all__ = ["SEGateRecorder"]

# block: the kind of its gate, and the layer of which the gate is the sigmoid
_GATES: dict[type[nn.Module], tuple[str, str]] = {
    ChannelSqueezeExcite: ("channel", "excite"),
    SpatialSqueezeExcite: ("spatial", "squeeze"),
    ProjectExcite: ("elementwise", "excite"),
}


class SEGateRecorder:
    """Collect the gates of all recalibration blocks of a network, by the names of the blocks in it.

    Gates are collected inside a ``with`` statement, or between :meth:`start` and :meth:`stop`. At other times the
    network is as if there were no recorder. The outputs of the network do not change, and the gates carry no graph.
    Each name has a list with one entry for each call of the block, the latest last. Starting again begins with empty
    lists.

    The network is any module with blocks of this package in it. A scripted or compiled network cannot be
    watched, but the network that it is made from can.

    Reference: A. G. Roy et al., MICCAI 2018, https://arxiv.org/abs/1803.02579, section 2.

    Args:
        network: the network to watch.
        device: where to keep the gates. None keeps them where they are computed.

    Attributes:
        channel: gates of cSE, and of the cSE branch of scSE: (batch, channels).
        spatial: gates of sSE, and of the sSE branch of scSE: (batch, 1, *spatial).
        elementwise: gates of Project & Excite: (batch, channels, *spatial).

    Raises:
        ValueError: when the network has no recalibration blocks, or is compiled, or there is no such device.
        RuntimeError: when a recording has started already.

    Example:
        >>> from monai_scse.networks.nets import SEUNet
        >>> network = SEUNet(spatial_dims=2, in_channels=1, out_channels=2, features=8)
        >>> with SEGateRecorder(network) as gates:
        ...     logits = network(torch.rand(1, 1, 32, 48))
        >>> gates.channel["encoders.1.recal"][-1].shape
        torch.Size([1, 8])
        >>> gates.spatial["encoders.1.recal"][-1].shape
        torch.Size([1, 1, 16, 24])
    """

    def __init__(self, network: nn.Module, device: torch.device | str | None = None) -> None:
        if device is not None:
            check_device(device)
        self.device = device
        self.channel: dict[str, list[torch.Tensor]] = {}
        self.spatial: dict[str, list[torch.Tensor]] = {}
        self.elementwise: dict[str, list[torch.Tensor]] = {}
        self._layers = self._find_layers(network)
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []

    @staticmethod
    def _find_layers(network: nn.Module) -> list[tuple[str, str, nn.Module]]:
        """Kind of the gate, name of the block (scSE for its two branches), and layer of every gate of the network."""
        modules = dict(network.named_modules())
        # compiled code ignores hooks that are registered later
        if any("_orig_mod" in name.split(".") or module._compiled_call_impl for name, module in modules.items()):
            raise ValueError("network must not be compiled: record the network as it was before torch.compile.")
        layers = []
        for name, module in modules.items():
            for block_type, (kind, layer) in _GATES.items():
                if isinstance(module, block_type):
                    parent = name.rpartition(".")[0]
                    in_scse = isinstance(modules[parent], SpatialChannelSqueezeExcite)
                    layers.append((kind, parent if in_scse else name, module.get_submodule(layer)))
        if not layers:
            raise ValueError(
                f"network must have recalibration blocks of this package, got a {type(network).__name__} with none: "
                'build it with recal="scse", and record it before it is scripted.'
            )
        return layers

    def start(self) -> None:
        """Forget what has been collected, and collect the gates of all forward passes that follow."""
        if self._hooks:
            raise RuntimeError("recording has started already: stop it first, or use another SEGateRecorder.")
        for gates in (self.channel, self.spatial, self.elementwise):
            gates.clear()
        for kind, name, layer in self._layers:
            kept = getattr(self, kind).setdefault(name, [])
            self._hooks.append(layer.register_forward_hook(self._keep_in(kept)))

    def _keep_in(self, kept: list[torch.Tensor]) -> Callable[[nn.Module, tuple, torch.Tensor], None]:
        def keep(layer: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
            kept.append(torch.sigmoid(output.detach()).to(self.device))

        return keep

    def stop(self) -> None:
        """Collect no more. What has been collected stays."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def __enter__(self) -> SEGateRecorder:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
