"""Interrupting and resuming a real, tiny training with MONAI's engines."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Events
from support.tiny_training import InterruptionError, Training, files, same, saved
from torch import nn

from monai_scse.runtime import InputError


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
    with pytest.raises(InputError, match=r"checkpoint\.pt: no such file; start the training with resume=false"):
        Training(tmp_path, resume=True)


@pytest.mark.situation("A training that is killed while it writes its checkpoint", "the previous checkpoint is whole")
@pytest.mark.parametrize("name", ["write_bytes", "fsync", "replace"])
def test_interruption_while_saving_leaves_the_previous_file_whole(tmp_path: Path, monkeypatch, name: str) -> None:
    training = Training(tmp_path, epochs=1).run()
    before = training.checkpoint.read_bytes()
    resumed = Training(tmp_path, epochs=2, resume=True)

    def stop(*arguments: Any) -> None:
        raise InterruptionError

    monkeypatch.setattr(Path if name == "write_bytes" else os, name, stop)
    with pytest.raises(InterruptionError):
        resumed.run()
    assert training.checkpoint.read_bytes() == before
    assert files(tmp_path) == ["checkpoint.pt", "model.pt"]


@pytest.mark.situation("A full disk when a checkpoint is written", "one line with its path, the previous one stays")
def test_full_disk(tmp_path: Path, monkeypatch) -> None:
    training = Training(tmp_path, epochs=1).run()
    before = training.checkpoint.read_bytes()
    resumed = Training(tmp_path, epochs=2, resume=True)

    def full(path: Path, content: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"model\.pt: cannot be written \(No space left on device\); free some space"):
        resumed.run()
    assert training.checkpoint.read_bytes() == before
    assert files(tmp_path) == ["checkpoint.pt", "model.pt"]


def _truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-500])


def _pointer(file: Path) -> None:
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")


def _of_another_network(file: Path) -> None:
    content = saved(file)
    content["objects"]["network"]["2.weight"] = torch.zeros(2, 3, 1, 1)
    torch.save(content, file)


def _of_another_optimizer(file: Path) -> None:
    content = saved(file)
    content["objects"]["optimizer"] = torch.optim.AdamW(nn.Conv2d(1, 1, 1).parameters()).state_dict()
    torch.save(content, file)


def _of_an_average(file: Path) -> None:
    content = saved(file)
    content["objects"]["trained"] = {}
    torch.save(content, file)


def _weights(file: Path) -> None:
    torch.save(saved(file)["objects"]["network"], file)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(
            _truncated,
            "cut short or damaged; copy the file again",
            marks=pytest.mark.situation("Half a checkpoint of a training", "resume=true refuses it, naming the file"),
        ),
        (_pointer, "a pointer of Git LFS in place of the file; run `git lfs pull`"),
        pytest.param(
            _of_another_network,
            "weights for 2 classes in place of 1; set",
            marks=pytest.mark.situation("The checkpoint of another network", "refused, naming the option"),
        ),
        (_of_another_optimizer, "its optimizer is of another kind; resume with the same recipe"),
        (_of_an_average, "holds network, optimizer, lr_scheduler, trained and not network, optimizer, lr_scheduler; "),
        (_weights, r"no checkpoint of a training; give the checkpoint\.pt that it wrote"),
    ],
)
def test_checkpoint_that_cannot_be_resumed(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    training = Training(tmp_path, epochs=1).run()
    damage(training.checkpoint)
    with pytest.raises(InputError, match=rf"^\S+/checkpoint\.pt: {message}"):
        Training(tmp_path, epochs=2, resume=True)
