"""Random numbers that do not depend on where a training was interrupted."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from monai.data.utils import set_rnd

from ..runtime.arguments import check_whole

if TYPE_CHECKING:
    from ignite.engine import Engine

__all__ = ["EpochSeed"]


class EpochSeed:
    """Seed all random numbers anew at the start of every epoch, from the seed and the iteration that it starts at.

    A training that is resumed after an epoch then draws what an uninterrupted one draws: the order of the samples,
    augmentation, dropout. Each of several processes draws its own numbers. Nearest are MONAI's ``set_determinism``,
    which seeds once and leaves out transforms, and Ignite's ``DeterministicEngine``, which no MONAI trainer is.

    Args:
        seed: the seed of the training, at least 0.
        dataset: the training data, whose random transforms are seeded too.
    """

    def __init__(self, seed: int, dataset: Any) -> None:
        check_whole("seed", seed, 0)
        self.seed = seed
        self.dataset = dataset

    def attach(self, engine: Engine) -> None:
        """Attach to the trainer."""
        from ignite.engine import Events

        engine.add_event_handler(Events.EPOCH_STARTED, self.seed_epoch)

    def seed_epoch(self, engine: Engine) -> None:
        """Seed the epoch that starts."""
        import ignite.distributed as idist

        numbers = np.random.SeedSequence((self.seed, idist.get_rank(), engine.state.iteration))
        seed = int(numbers.generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        set_rnd(self.dataset, seed)
