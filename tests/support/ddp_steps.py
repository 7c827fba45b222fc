"""Two training steps of every recalibrated network in one of two processes, for tests/networks/test_recalibrate.py."""

from __future__ import annotations

import itertools
import os

import torch
from torch import nn
from torch.distributed import barrier, init_process_group
from torch.nn.parallel import DistributedDataParallel

from monai_scse import recalibrate
from support.stock_networks import STOCK, logits


def _freeze_unused(network: nn.Module, image: torch.Tensor) -> list[str]:
    """Freeze the parameters that a network carries and never uses, and return their names."""
    sum(output.mean() for output in logits(network(image))).backward()
    unused = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    for name, parameter in network.named_parameters():
        parameter.requires_grad = name not in unused
        parameter.grad = None
    return unused


def two_steps(rank: int, store: str, dims: int) -> None:
    """A parameter without a gradient in the first step is an error in the second."""
    torch.set_num_threads(1)
    init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    for (name, entry), recal in itertools.product(STOCK.items(), (None, "cse", "sse", "scse", "pe")):
        torch.manual_seed(0)
        network = recalibrate(entry.make(dims), recal, where=entry.where).train()
        torch.manual_seed(rank)
        image = torch.rand(2, 1, *(entry.size,) * dims)
        unused = _freeze_unused(network, image)
        assert bool(unused) == ("unused" in entry.limits), f"{name}: {unused}"
        assert not any(".recal." in key for key in unused), f"{name}, {recal}: {unused}"
        parallel = DistributedDataParallel(network)
        for _ in range(2):
            sum(output.mean() for output in logits(parallel(image))).backward()
        for key, parameter in network.named_parameters():
            if ".recal." in key:
                both = [torch.empty_like(parameter.grad) for _ in range(2)]
                torch.distributed.all_gather(both, parameter.grad)
                assert torch.equal(*both), f"{name}, {recal}: {key}"
    barrier()
    # gloo's threads and the end of the process group can wait for each other for ever: leave without taking it down
    os._exit(0)
