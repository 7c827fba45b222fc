"""Batch statistics stay as they were while everything else learns."""

from __future__ import annotations

import torch
from monai.engines import SupervisedTrainer

from monai_scse.handlers import FreezeBatchStatistics


def test_running_statistics_stay_and_weights_learn() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    batch = {"image": torch.randn(2, 1, 8, 8) * 5 + 3, "label": torch.zeros(2, 2, 6, 6)}
    SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=2,
        train_data_loader=[batch, batch],
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=0.1),
        loss_function=torch.nn.MSELoss(),
        train_handlers=[FreezeBatchStatistics(network)],
    ).run()
    for name, value in network.state_dict().items():
        same = "running" in name or "num_batches" in name
        assert torch.equal(value, before[name]) == same, name
