"""Every epoch of a training draws the same numbers, wherever the training started."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import CacheDataset, DataLoader
from monai.engines import SupervisedTrainer
from monai.transforms import Compose, EnsureTyped, RandFlipd, RandGaussianNoised
from torch import nn

from monai_scse.handlers import EpochSeed, TrainingCheckpoint

SAMPLES = [{"image": torch.full((1, 4, 4), float(i)), "label": torch.full((1, 4, 4), 1.0)} for i in range(6)]


def train(folder: Path, epochs: int, seed: int = 0, workers: int = 0, resume: bool = False) -> list[list[float]]:
    """What each iteration of a training with dropout and random transforms drew, and the weights that it ends with."""
    augment = Compose(
        [RandFlipd("image", 0.5), RandGaussianNoised("image", 0.5), EnsureTyped("image", track_meta=False)]
    )
    dataset = CacheDataset(SAMPLES, augment, progress=False)
    loader = DataLoader(dataset, batch_size=2, shuffle=True, num_workers=workers)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Dropout(0.5), nn.Conv2d(3, 1, 1))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    checkpoint = TrainingCheckpoint(
        {"network": network, "optimizer": optimizer},
        str(folder / "checkpoint.pt"),
        str(folder / "model.pt"),
        resume=resume,
    )
    torch.manual_seed(random.getrandbits(32))  # whatever state a process is in
    trainer = SupervisedTrainer(
        "cpu", epochs, loader, network, optimizer, nn.MSELoss(), train_handlers=[EpochSeed(seed, dataset), checkpoint]
    )
    drawn: list[list[float]] = []

    def note(engine: Engine) -> None:
        images = torch.stack([output["image"] for output in engine.state.output]).flatten().tolist()
        elsewhere = [random.random(), np.random.rand()]  # noqa: NPY002
        drawn.append([*images, engine.state.output[0]["loss"], *elsewhere])

    trainer.add_event_handler(Events.ITERATION_COMPLETED, note)
    trainer.run()
    return [*drawn, [value for weights in network.state_dict().values() for value in weights.flatten().tolist()]]


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.long)])
def test_resumed_after_an_epoch_equals_uninterrupted(tmp_path: Path, workers: int) -> None:
    whole = train(tmp_path / "whole", epochs=3, workers=workers)
    train(tmp_path / "cut", epochs=1, workers=workers)
    assert train(tmp_path / "cut", epochs=3, workers=workers, resume=True) == whole[3:]


def test_epochs_and_seeds_differ(tmp_path: Path) -> None:
    *first, _ = train(tmp_path, epochs=2)
    assert first[:3] != first[3:]
    *second, _ = train(tmp_path, epochs=2, seed=1)
    assert not any(step in second for step in first)
