"""Interrupting, resuming and limiting a real, tiny training with MONAI's engines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
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
from monai_scse.runtime import InputError

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


@pytest.fixture
def minute_an_iteration(monkeypatch: pytest.MonkeyPatch) -> Callable[[Training], Training]:
    """A clock by which every iteration of a training takes one minute."""
    now = [0.0]
    monkeypatch.setattr("monai_scse.handlers.training.time.monotonic", lambda: now[0])

    def tick() -> None:
        now[0] += 60

    def attach(training: Training) -> Training:
        training.trainer.add_event_handler(Events.ITERATION_STARTED, tick)
        return training

    return attach


def test_checkpoint_holds_everything_as_plain_content(tmp_path: Path) -> None:
    training = Training(tmp_path, metric=[0.1, 0.5, 0.3]).run()
    content = saved(training.checkpoint)
    assert set(content["objects"]) == {"network", "optimizer", "lr_scheduler"}
    assert same(content["objects"]["network"], training.weights())
    assert (content["iteration"], content["epoch_length"]) == (12, 4)
    assert (content["best_metric"], content["best_metric_epoch"]) == (0.5, 2)
    assert files(tmp_path) == ["checkpoint.pt", "model.pt"]


def test_checkpoint_after_every_epoch(tmp_path: Path) -> None:
    seen = []
    training = Training(tmp_path)
    training.trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda: seen.append(saved(training.checkpoint)["iteration"])
    )
    training.run()
    assert seen == [4, 8, 12]


def test_best_file_is_the_network_of_the_best_epoch(tmp_path: Path) -> None:
    training = Training(tmp_path, epochs=4, metric=[0.1, 0.5, 0.3, 0.4])
    after: list[dict[str, torch.Tensor]] = []
    training.trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: after.append(training.weights()))
    training.run()
    assert same(saved(training.best), after[1])
    assert not same(saved(training.best), after[3])


def test_without_evaluator_the_best_file_is_the_last_network(tmp_path: Path) -> None:
    training = Training(tmp_path, epochs=2).run()
    assert same(saved(training.best), training.weights())
    assert saved(training.checkpoint)["best_metric"] is None


@pytest.mark.parametrize("metric", [None, [0.1, 0.2, 0.3, 0.4, 0.5]])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, metric: list[float] | None) -> None:
    whole = Training(tmp_path / "whole", epochs=5, metric=metric).run()
    Training(tmp_path / "cut", epochs=5, metric=metric).run_until(Events.ITERATION_COMPLETED(once=10))
    resumed = Training(tmp_path / "cut", epochs=5, metric=metric and metric[2:], resume=True).run()
    assert resumed.iterations == list(range(9, 21))  # the two iterations after the last checkpoint are done again
    assert resumed.trainer.state.epoch == 5
    assert same(resumed.weights(), whole.weights())
    assert resumed.optimizer.param_groups[0]["lr"] == whole.optimizer.param_groups[0]["lr"] == 0.1 * 0.8**5
    assert same(saved(resumed.best), saved(whole.best))
    assert files(tmp_path / "cut") == ["checkpoint.pt", "model.pt"]


def test_training_further_than_planned_at_first(tmp_path: Path) -> None:
    Training(tmp_path, epochs=2).run()
    resumed = Training(tmp_path, epochs=4, resume=True).run()
    assert resumed.iterations == list(range(9, 17))
    assert same(resumed.weights(), Training(tmp_path / "whole", epochs=4).run().weights())


def test_resuming_a_finished_training_changes_nothing(tmp_path: Path) -> None:
    finished = Training(tmp_path, epochs=2, metric=[0.4, 0.3]).run()
    before = saved(finished.best)
    resumed = Training(tmp_path, epochs=2, metric=[], resume=True).run()
    assert resumed.iterations == []
    assert same(resumed.weights(), finished.weights())
    assert same(saved(resumed.best), before)


def test_without_resume_a_training_starts_anew(tmp_path: Path) -> None:
    Training(tmp_path, epochs=2).run()
    again = Training(tmp_path, epochs=1).run()
    assert again.iterations == [1, 2, 3, 4]
    assert saved(again.checkpoint)["iteration"] == 4


def test_worse_result_after_resume_keeps_the_best_file(tmp_path: Path) -> None:
    first = Training(tmp_path, epochs=2, metric=[0.3, 0.7]).run()
    best = saved(first.best)
    resumed = Training(tmp_path, epochs=4, metric=[0.6, 0.5], resume=True).run()
    assert same(saved(resumed.best), best)
    assert not same(resumed.weights(), best)
    content = saved(resumed.checkpoint)
    assert (content["best_metric"], content["best_metric_epoch"]) == (0.7, 2)


def test_better_result_after_resume_replaces_the_best_file(tmp_path: Path) -> None:
    Training(tmp_path, epochs=2, metric=[0.3, 0.7]).run()
    resumed = Training(tmp_path, epochs=3, metric=[0.8], resume=True).run()
    assert same(saved(resumed.best), resumed.weights())
    assert saved(resumed.checkpoint)["best_metric"] == 0.8


def test_resume_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"checkpoint\.pt: no such file; there is no training to resume"):
        Training(tmp_path, resume=True)


def test_interruption_while_saving_leaves_the_previous_file_whole(tmp_path: Path, monkeypatch) -> None:
    training = Training(tmp_path, epochs=1).run()
    before = training.checkpoint.read_bytes()
    resumed = Training(tmp_path, epochs=2, resume=True)

    def half(content: Any, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise InterruptionError

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(InterruptionError):
        resumed.run()
    assert training.checkpoint.read_bytes() == before
    assert files(tmp_path) == ["checkpoint.pt", "model.pt"]


def test_time_budget_stops_in_mid_epoch_validates_and_saves(tmp_path: Path, minute_an_iteration, caplog) -> None:
    training = minute_an_iteration(Training(tmp_path, epochs=9, metric=[0.2, 0.9], minutes=6))
    with caplog.at_level(logging.INFO, "monai_scse"):
        training.run()
    assert training.iterations == [1, 2, 3, 4, 5, 6]
    assert "Time budget of 6 minutes used up" in caplog.text
    content = saved(training.checkpoint)
    assert (content["iteration"], content["best_metric"]) == (6, 0.9)
    assert same(content["objects"]["network"], training.weights())
    assert same(saved(training.best), training.weights())
    assert files(tmp_path) == ["checkpoint.pt", "model.pt"]


def test_time_budget_before_the_first_epoch_ends_still_writes_both_files(tmp_path: Path, minute_an_iteration) -> None:
    for evaluated in ("with", "without"):
        metric = [0.1] if evaluated == "with" else None
        training = minute_an_iteration(Training(tmp_path / evaluated, metric=metric, minutes=0)).run()
        assert training.iterations == [1]
        assert files(tmp_path / evaluated) == ["checkpoint.pt", "model.pt"]
        assert same(saved(training.best), training.weights())


def test_time_budget_worse_at_the_end_keeps_the_best_file(tmp_path: Path, minute_an_iteration) -> None:
    training = minute_an_iteration(Training(tmp_path, epochs=9, metric=[0.9, 0.2], minutes=6))
    first: list[dict[str, torch.Tensor]] = []
    training.trainer.add_event_handler(Events.EPOCH_COMPLETED(once=1), lambda: first.append(training.weights()))
    training.run()
    assert same(saved(training.best), first[0])


def test_no_time_budget(tmp_path: Path, minute_an_iteration) -> None:
    assert minute_an_iteration(Training(tmp_path, minutes=None)).run().iterations == list(range(1, 13))


def test_time_budget_longer_than_the_training(tmp_path: Path, minute_an_iteration) -> None:
    assert minute_an_iteration(Training(tmp_path, minutes=1000)).run().iterations == list(range(1, 13))


def test_resumed_after_a_time_budget_equals_uninterrupted(tmp_path: Path, minute_an_iteration) -> None:
    data = BATCHES[:1] * EPOCH_LENGTH  # the same batch each time: an epoch broken off draws its batches anew
    whole = Training(tmp_path / "whole", epochs=4, data=data).run()
    minute_an_iteration(Training(tmp_path / "cut", epochs=4, data=data, minutes=6)).run()
    resumed = Training(tmp_path / "cut", epochs=4, data=data, resume=True).run()
    assert resumed.iterations == list(range(7, 17))
    assert resumed.trainer.state.epoch == 4
    assert same(resumed.weights(), whole.weights())


@pytest.mark.parametrize("per_epoch", [True, False])
def test_learning_rate_after_a_time_budget_at_the_end_of_an_epoch(
    tmp_path: Path, minute_an_iteration, per_epoch: bool
) -> None:
    data = BATCHES[:1] * EPOCH_LENGTH
    whole = Training(tmp_path / "whole", epochs=3, data=data, per_epoch=per_epoch).run()
    minute_an_iteration(Training(tmp_path / "cut", epochs=3, data=data, minutes=4, per_epoch=per_epoch)).run()
    resumed = Training(tmp_path / "cut", epochs=3, data=data, resume=True, per_epoch=per_epoch).run()
    assert resumed.iterations == list(range(5, 13))
    assert resumed.optimizer.param_groups[0]["lr"] == pytest.approx(whole.optimizer.param_groups[0]["lr"])


def test_worse_result_at_the_end_of_the_epoch_that_a_time_budget_broke_off(tmp_path: Path, minute_an_iteration) -> None:
    first = minute_an_iteration(Training(tmp_path, epochs=3, metric=[0.2, 0.9], minutes=6)).run()
    best = saved(first.best)
    resumed = Training(tmp_path, epochs=3, metric=[0.5, 0.4], resume=True).run()
    assert saved(resumed.checkpoint)["best_metric"] == 0.9
    assert same(saved(resumed.best), best)
