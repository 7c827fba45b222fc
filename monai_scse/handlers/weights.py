"""Loading weights at the start of a run."""

from __future__ import annotations

import torch
from monai.handlers import CheckpointLoader

from ..runtime import read_weights
from ..runtime.arguments import path_of

__all__ = ["WeightsCheckpointLoader"]


class WeightsCheckpointLoader(CheckpointLoader):
    """Load the weights of a network when a run starts, from a file that is checked when the run is set up.

    Its base, MONAI's ``CheckpointLoader``, ends in a traceback for a bad file. Federated clients of MONAI switch off
    the handlers that have this word in their name, and this must be one of them.

    Args:
        load_path: file of the state dict.
        network: the network to load it into.
        hint: what the user can do when the file does not exist.

    Raises:
        InputError: when the file is missing, cut short, a pointer of Git LFS, or does not hold weights of the network.
    """

    def __init__(self, load_path: str, network: torch.nn.Module, hint: str) -> None:
        path_of("load_path", load_path)
        read_weights(load_path, network, hint)
        super().__init__(str(load_path), {"model": network}, map_location="cpu")  # type: ignore[arg-type]  # torch.load takes it
