"""The mean of several weights of one network, each fine-tuned from another: often better than any of them.

    python docs/examples/average_weights.py FIRST.pt SECOND.pt [THIRD.pt ...] --output MEAN.pt

M. Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time", ICML 2022. The statistics of batch normalisation are averaged as well.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch


def mean_of_weights(states: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of every floating point tensor, and the last of every count.

    Args:
        states: state dicts of one network.

    Raises:
        ValueError: when they do not have the same tensors.
    """
    first, *others = ({name: value.shape for name, value in state.items()} for state in states)
    if any(other != first for other in others):
        raise ValueError("these are not weights of one network: names or shapes of their tensors differ.")
    return {
        name: torch.stack([state[name].double() for state in states]).mean(dim=0).to(last.dtype)
        if last.is_floating_point()
        else last
        for name, last in states[-1].items()
    }


def main() -> None:
    """Write the mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, nargs="+", help="files that hold a state dict")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        states = [torch.load(file, map_location="cpu", weights_only=True) for file in options.weights]
        torch.save(mean_of_weights(states), options.output)
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
