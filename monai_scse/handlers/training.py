"""Ignite handlers that make a long training safe to interrupt."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..runtime import InputError, atomic_write, read_torch_file, weights_difference
from ..runtime.arguments import check_number, flag_of, path_of

if TYPE_CHECKING:
    from ignite.engine import Engine
    from monai.engines import Evaluator

__all__ = ["TimeBudget", "TrainingCheckpoint", "read_checkpoint"]


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """The content of a checkpoint of :class:`TrainingCheckpoint`.

    Args:
        path: the file.

    Raises:
        InputError: when there is none, it is cut short, or it is no checkpoint of a training.
    """
    content = read_torch_file(path, "start the training with resume=false, there is none to resume.")
    if not isinstance(content, dict) or not content.keys() >= {"objects", "iteration", "epoch_length"}:
        raise InputError(f"{path}: no checkpoint of a training; give the checkpoint.pt that it wrote.")
    return content


def _settings(state: Mapping[str, Any]) -> list[tuple[set[str], int]]:
    """What the groups of an optimizer's state set, and the number of their parameters."""
    return [(set(group), len(group["params"])) for group in state["param_groups"]]


def _write(path: Path, content: Any) -> None:
    """Write a file whole or not at all. PyTorch writes to memory, because its own writer hides that a disk is full."""
    stream = io.BytesIO()
    torch.save(content, stream)
    atomic_write(path, lambda unfinished: unfinished.write_bytes(stream.getbuffer()))


class TrainingCheckpoint:
    """Save all that a training needs to go on, resume from it, and keep the best network.

    After each epoch ``checkpoint_path`` receives the state of every object and of the trainer, and the best validation
    metric of all epochs. A resumed training therefore never replaces the best network by a worse one. Each time the
    validation metric improves, ``best_path`` receives the network's flat state dict. Without an evaluator that is done
    every epoch.
    Files are replaced in one step: an interruption leaves the previous one whole. Of several processes one writes.

    Nearest are ``monai.handlers.CheckpointSaver`` and ``CheckpointLoader``: they write in place, and a resumed training
    does not know the best metric.

    Args:
        objects: what to save and restore by name: anything with ``state_dict`` and ``load_state_dict``. The entry
            ``"network"`` is required.
        checkpoint_path: file of the last state.
        best_path: file of the best network.
        evaluator: the validation engine whose key metric decides which network is best.
        resume: whether to start from ``checkpoint_path``.

    Raises:
        InputError: when ``resume`` is set and there is no checkpoint, or it is cut short. Also when it belongs to
            another network, recipe, length of the epochs or length of the learning rate schedule.
    """

    def __init__(
        self,
        objects: Mapping[str, Any],
        checkpoint_path: str,
        best_path: str,
        evaluator: Evaluator | None = None,
        resume: bool = False,
    ) -> None:
        self.objects = objects
        self.checkpoint_path = path_of("checkpoint_path", checkpoint_path)
        self.best_path = path_of("best_path", best_path)
        self.evaluator = evaluator
        self.logger = logging.getLogger(__name__)
        self._best_metric: float | None = None
        self._resumed = self._read() if flag_of("resume", resume) else None

    def _read(self) -> dict[str, Any]:
        checkpoint = read_checkpoint(self.checkpoint_path)
        saved = checkpoint["objects"]
        if saved.keys() != self.objects.keys():
            raise InputError(
                f"{self.checkpoint_path}: holds {', '.join(saved)} and not {', '.join(self.objects)}; resume with the "
                "configs that the training began with."
            )
        if (difference := weights_difference(saved["network"], self.objects["network"])) is not None:
            raise InputError(f"{self.checkpoint_path}: {difference}.")
        for name, item in self.objects.items():
            if "param_groups" in saved[name] and _settings(saved[name]) != _settings(item.state_dict()):
                raise InputError(f"{self.checkpoint_path}: its {name} is of another kind; resume with the same recipe.")
            total, new_total = saved[name].get("total_steps"), getattr(item, "total_steps", None)
            if total != new_total:
                raise InputError(
                    f"{self.checkpoint_path}: its learning rate schedule ends after {total} iterations, the new one "
                    f"after {new_total}; resume with the same data, batch_size and epochs, or start anew."
                )
        return checkpoint

    def attach(self, engine: Engine) -> None:
        """Attach to the trainer, behind the handlers that step the learning rate and that validate."""
        from ignite.engine import Events

        if self._resumed is not None:
            if self._resumed["epoch_length"] != engine.state.epoch_length:
                raise InputError(
                    f"{self.checkpoint_path}: its epochs have {self._resumed['epoch_length']} batches, the new ones "
                    f"{engine.state.epoch_length}; resume with the same data and batch_size, or start anew."
                )
            engine.add_event_handler(Events.STARTED, self.restore, self._resumed)
        if self.evaluator is not None:
            self.evaluator.add_event_handler(Events.COMPLETED, self.save_best)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.save)
        engine.add_event_handler(Events.TERMINATE, self.save)

    def restore(self, engine: Engine, checkpoint: Mapping[str, Any]) -> None:
        """Restore all objects, the trainer's position and the best metric."""
        for name, item in self.objects.items():
            item.load_state_dict(checkpoint["objects"][name])
        engine.state.iteration = checkpoint["iteration"]
        engine.state.epoch = checkpoint["iteration"] // checkpoint["epoch_length"]
        if self.evaluator is not None and checkpoint["best_metric"] is not None:
            self._best_metric = checkpoint["best_metric"]
            self.evaluator.state.best_metric = checkpoint["best_metric"]
            self.evaluator.state.best_metric_epoch = checkpoint["best_metric_epoch"]
        self.logger.info(f"Resumed from {self.checkpoint_path} at iteration {engine.state.iteration}.")

    def save(self, engine: Engine) -> None:
        """Write the checkpoint, and without an evaluator the network too."""
        if not self._writes():
            return
        best = None if self.evaluator is None else self.evaluator.state
        content = {
            "objects": {name: item.state_dict() for name, item in self.objects.items()},
            "iteration": engine.state.iteration,
            "epoch_length": engine.state.epoch_length,
            "best_metric": None if best is None else float(best.best_metric),
            "best_metric_epoch": None if best is None else best.best_metric_epoch,
        }
        if self.evaluator is None:
            self._save_network()  # before the checkpoint: a complete checkpoint has its network beside it
        _write(self.checkpoint_path, content)

    def save_best(self, evaluator: Engine) -> None:
        """Write the network when the validation that has just ended is the best of all."""
        if evaluator.state.best_metric != self._best_metric and self._writes():
            self._best_metric = evaluator.state.best_metric
            self._save_network()
            self.logger.info(f"Best {evaluator.state.key_metric_name} of all epochs, saved {self.best_path}.")

    @staticmethod
    def _writes() -> bool:
        import ignite.distributed as idist

        return idist.get_rank() == 0

    def _save_network(self) -> None:
        _write(self.best_path, self.objects["network"].state_dict())


class TimeBudget:
    """Stop a training cleanly when its time is up: validate what has been learnt, save the checkpoint, end.

    Nearest is ``ignite.handlers.TimeLimit``: its clock starts when it is built, and it does not validate.

    Place it behind :class:`TrainingCheckpoint`. Several processes stop together, when the time of one is up.

    Args:
        minutes: minutes from the start of the training, or None for no limit.
        evaluator: the validation engine to run before stopping.
    """

    def __init__(self, minutes: float | None = None, evaluator: Evaluator | None = None) -> None:
        if minutes is not None:
            check_number("minutes", minutes, 0)
        self.minutes = minutes
        self.evaluator = evaluator
        self.logger = logging.getLogger(__name__)
        self._deadline = float("inf")

    def attach(self, engine: Engine) -> None:
        """Attach to the trainer."""
        from ignite.engine import Events

        if self.minutes is not None:
            engine.add_event_handler(Events.STARTED, self.start, self.minutes)
            engine.add_event_handler(Events.ITERATION_COMPLETED, self.check_iteration)
            engine.add_event_handler(Events.EPOCH_COMPLETED, self.check_epoch)

    def start(self, engine: Engine, minutes: float) -> None:
        """Start the clock."""
        self._deadline = time.monotonic() + 60 * minutes

    def check_iteration(self, engine: Engine) -> None:
        """End the training within an epoch when the time is up."""
        ends_epoch = engine.state.iteration % engine.state.epoch_length == 0
        if not ends_epoch and self._time_is_up():
            if self.evaluator is not None:
                self.evaluator.run(engine.state.epoch)
            self._stop(engine)

    def check_epoch(self, engine: Engine) -> None:
        """End the training behind an epoch, which has been validated already, when the time is up."""
        if self._time_is_up() and engine.state.epoch < engine.state.max_epochs:
            self._stop(engine)

    def _time_is_up(self) -> bool:
        import ignite.distributed as idist

        return bool(idist.all_reduce(float(time.monotonic() >= self._deadline), "MAX"))

    def _stop(self, engine: Engine) -> None:
        self.logger.info(f"Time budget of {self.minutes:g} minutes used up; resume=true continues this training.")
        engine.terminate()
