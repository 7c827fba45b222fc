"""A network for each kind of contrast."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from monai.inferers import Inferer

from ..runtime import read_weights
from ..runtime.arguments import check_choice, path_of
from ..transforms import DOUBT_KEY, WEIGHTS_KEY

__all__ = ["ContrastInferer"]

_CONTRASTS = ("any", "auto")


class ContrastInferer(Inferer):
    """Run another inferer with a network for scans of any contrast, for all scans or where one is unlike T1.

    The name of the weights is noted in the meta data of the scan, entry :data:`monai_scse.transforms.WEIGHTS_KEY`.
    MONAI has no inferer that chooses a network.

    Args:
        inferer: the inferer to run.
        network: the network for any contrast.
        weights: file of its state dict.
        t1_weights: file of the state dict of the network that the inferer is called with. It is only named.
        contrast: ``"any"`` for all scans, ``"auto"`` for those in whose meta data
            :data:`monai_scse.transforms.DOUBT_KEY` says what is unlike T1. The others get the network of the call.

    Raises:
        InputError: when ``contrast`` is neither, or ``weights`` is missing or holds no weights of the network.
    """

    def __init__(
        self,
        inferer: Inferer,
        network: torch.nn.Module,
        weights: str | Path,
        t1_weights: str | Path,
        contrast: str = "any",
    ) -> None:
        super().__init__()
        check_choice("contrast", contrast, _CONTRASTS)
        self.inferer = inferer
        self.weights = path_of("weights", weights)
        self.network = network.eval()
        hint = "train it with any_contrast.yaml, or take contrast t1."
        self.network.load_state_dict(read_weights(self.weights, network, hint))
        self.t1_weights = path_of("t1_weights", t1_weights)
        self.contrast = contrast

    def __call__(self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any) -> Any:
        meta = getattr(inputs, "meta", {})
        doubts = meta.get(DOUBT_KEY, "")
        unlike_t1 = any(doubts) if isinstance(doubts, list) else bool(doubts)  # that of a batch is a list
        chosen = self.contrast == "any" or unlike_t1
        name = (self.weights if chosen else self.t1_weights).name
        meta[WEIGHTS_KEY] = [name] * len(inputs) if isinstance(doubts, list) else name
        return self.inferer(inputs, self.network if chosen else network, *args, **kwargs)
