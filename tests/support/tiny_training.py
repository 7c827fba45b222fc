"""A real, tiny training with MONAI's engines, wired as in a bundle, that can be interrupted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Events
from ignite.metrics import Metric
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import LrScheduleHandler, ValidationHandler
from torch import nn

from monai_scse.handlers import TimeBudget, TrainingCheckpoint

EPOCH_LENGTH = 4
BATCHES = [
    {"image": torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(i)), "label": torch.full((2, 1, 4, 4), i)}
    for i in range(EPOCH_LENGTH)
]


class InterruptionError(Exception):
    """An interruption from outside."""


class FixedValues(Metric):
    """A validation metric with one value after the other."""

    def __init__(self, values: Iterable[float]) -> None:
        super().__init__()
        self.values = iter(values)

    def reset(self) -> None:
        """Nothing is accumulated."""

    def update(self, output: Any) -> None:
        """Nothing is accumulated."""

    def compute(self) -> float:
        return next(self.values)


class Training:
    """All parts of a training, wired as in a bundle."""

    def __init__(
        self,
        folder: Path,
        epochs: int = 3,
        metric: Iterable[float] | None = None,
        resume: bool = False,
        minutes: float | None = None,
        data: list[dict[str, torch.Tensor]] = BATCHES,
        per_epoch: bool = True,
    ) -> None:
        torch.manual_seed(0)
        self.checkpoint, self.best = folder / "models" / "checkpoint.pt", folder / "models" / "model.pt"
        self.network = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Conv2d(3, 1, 1))
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1, momentum=0.9)
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, 0.8)
        self.evaluator = None
        if metric is not None:
            self.evaluator = SupervisedEvaluator(
                "cpu", BATCHES[:1], self.network, key_val_metric={"score": FixedValues(metric)}
            )
        parts = {"network": self.network, "optimizer": self.optimizer, "lr_scheduler": self.scheduler}
        handlers = [
            LrScheduleHandler(self.scheduler, print_lr=False, epoch_level=per_epoch),
            *([ValidationHandler(1, self.evaluator)] if self.evaluator else []),
            TrainingCheckpoint(parts, str(self.checkpoint), str(self.best), self.evaluator, resume),
            TimeBudget(minutes, self.evaluator),
        ]
        self.trainer = SupervisedTrainer(
            "cpu", epochs, data, self.network, self.optimizer, nn.MSELoss(), train_handlers=handlers
        )
        self.iterations: list[int] = []
        self.trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: self.iterations.append(engine.state.iteration)
        )

    def run(self) -> Training:
        self.trainer.run()
        return self

    def run_until(self, event: Any) -> Training:
        """Run and break off, as by a power cut, at this event."""

        def stop() -> None:
            raise InterruptionError

        self.trainer.add_event_handler(event, stop)
        with pytest.raises(InterruptionError):
            self.trainer.run()
        return self

    def weights(self) -> dict[str, torch.Tensor]:
        return {key: value.clone() for key, value in self.network.state_dict().items()}


def saved(path: Path) -> dict[str, Any]:
    return torch.load(path, weights_only=True)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "models").iterdir())
