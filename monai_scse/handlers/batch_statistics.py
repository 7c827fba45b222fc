"""Training with the batch statistics that a network came with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from ignite.engine import Engine

__all__ = ["FreezeBatchStatistics"]


class FreezeBatchStatistics:
    """Let all batch normalization layers use and keep their running means and variances. Their weights still learn.

    For fine-tuning on few scans, whose batches are too alike for statistics of their own.

    Args:
        network: the network in training.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self.layers = [
            module for module in network.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
        ]
        self.network = network

    def attach(self, engine: Engine) -> None:
        """Attach to the trainer."""
        from ignite.engine import Events

        engine.add_event_handler(Events.STARTED, self.start)

    def start(self, engine: Engine) -> None:
        """Freeze before every forward pass: MONAI's trainer sets the whole network to training before each."""
        self.network.register_forward_pre_hook(self._freeze)

    def _freeze(self, *_: Any) -> None:
        for layer in self.layers:
            layer.eval()
