"""Gates of squeeze & excitation blocks in TensorBoard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from monai.handlers import TensorBoardHandler

from ..networks import SEGateRecorder
from ..runtime.arguments import check_name, check_whole, path_of

if TYPE_CHECKING:
    from ignite.engine import Engine
    from torch import nn
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["TensorBoardGateHandler"]


class TensorBoardGateHandler(TensorBoardHandler):
    """Log the gates of a network's recalibration blocks to TensorBoard at a regular interval of its training.

    Each block has a scalar ``gates/<block>/channel_mean`` (``spatial_mean``, ``elementwise_mean``) and a histogram
    ``gates/<block>/channel`` (``spatial``, ``elementwise``) over the batch. Spatial gates, and the mean over the
    channels of elementwise ones, also make the picture ``gates/<block>/map``. It shows the first case of the batch,
    with the axes as the network sees them. Of a volume it shows the middle of the last axis. Between the logged
    iterations the training is as if there were no handler.

    Args:
        network: a network that :class:`monai_scse.networks.SEGateRecorder` can watch.
        summary_writer: where to log. None makes a writer for ``log_dir``.
        log_dir: folder of the new writer.
        interval: number of iterations from one logged iteration to the next, at least 1.
        tag_name: the first part of all names, ``gates`` above.

    Raises:
        ValueError: when the network cannot be watched, or the interval is below 1.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from ignite.engine import Engine
        >>> from monai_scse.networks.nets import SEUNet
        >>> network = SEUNet(spatial_dims=2, in_channels=1, out_channels=2, features=8)
        >>> trainer = Engine(lambda engine, image: network(image).mean().backward())
        >>> with TemporaryDirectory() as folder:
        ...     handler = TensorBoardGateHandler(network, log_dir=folder, interval=2)
        ...     handler.attach(trainer)
        ...     state = trainer.run([torch.rand(2, 1, 32, 32)] * 2)
        ...     handler.close()
    """

    def __init__(
        self,
        network: nn.Module,
        summary_writer: SummaryWriter | None = None,
        log_dir: str = "./runs",
        interval: int = 100,
        tag_name: str = "gates",
    ) -> None:
        check_whole("interval", interval, 1)
        check_name("tag_name", tag_name)
        path_of("log_dir", log_dir)
        self.recorder = SEGateRecorder(network)
        self.interval = interval
        self.tag_name = tag_name
        super().__init__(summary_writer, str(log_dir))

    def attach(self, engine: Engine) -> None:
        """Attach to the trainer."""
        from ignite.engine import Events

        engine.add_event_handler(Events.ITERATION_STARTED(every=self.interval), self.recorder.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED(every=self.interval), self.log)

    def log(self, engine: Engine) -> None:
        """End the recording of this iteration and write what its last forward pass left."""
        self.recorder.stop()
        step = engine.state.iteration
        for kind in ("channel", "spatial", "elementwise"):
            for name, calls in getattr(self.recorder, kind).items():
                if calls:
                    gates, tag = calls[-1].float().cpu(), f"{self.tag_name}/{name}"
                    self._writer.add_scalar(f"{tag}/{kind}_mean", gates.mean().item(), step)
                    self._writer.add_histogram(f"{tag}/{kind}", gates, step)
                    if kind != "channel":
                        self._writer.add_image(f"{tag}/map", self._picture(gates), step)

    @staticmethod
    def _picture(gates: torch.Tensor) -> torch.Tensor:
        """The map of the first case as (1, height, width)."""
        picture = gates[0].mean(0)
        if picture.ndim == 3:
            picture = picture[..., picture.shape[-1] // 2]
        return picture.reshape(1, -1, picture.shape[-1])
