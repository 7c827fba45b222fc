"""Limiting the time of a real, tiny training with MONAI's engines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from ignite.engine import Events
from support.tiny_training import BATCHES, EPOCH_LENGTH, Training, files, same, saved


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
