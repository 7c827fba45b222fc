"""The rows and columns of the paper's table: networks and recalibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monai_scse.runtime import InputError

__all__ = ["ARCHITECTURES", "RECALIBRATIONS", "Combination", "select_combinations"]

#: networks as the bundle's variants name them, and as the paper does
ARCHITECTURES = {"unet": "U-Net", "sdnet": "SD-Net", "fcdensenet": "DenseNet"}
RECALIBRATIONS = {"none": "no SE", "cse": "cSE", "sse": "sSE", "scse": "scSE", "scse_max": "scSE, max"}
#: the columns of the paper's table; scSE that takes the maximum is the authors' later version
_PAPER = ("none", "cse", "sse", "scse")


@dataclass(frozen=True)
class Combination:
    """One network with one kind of recalibration; ``name`` is that of the bundle's variant."""

    architecture: str
    recal: str

    @property
    def name(self) -> str:
        """For example ``unet_scse``."""
        return f"{self.architecture}_{self.recal}"


def select_combinations(only: Sequence[str] = ()) -> list[Combination]:
    """The combinations of the paper's table, or some of them.

    Args:
        only: architectures, for the four columns of the paper, or names of combinations, ``scse_max`` included; empty
            for the 12 combinations of the paper.

    Raises:
        InputError: when one of them does not exist.

    Example:
        >>> [combination.name for combination in select_combinations(["unet_scse", "sdnet"])]
        ['unet_scse', 'sdnet_none', 'sdnet_cse', 'sdnet_sse', 'sdnet_scse']
    """
    combinations = [Combination(architecture, recal) for architecture in ARCHITECTURES for recal in RECALIBRATIONS]
    known = {*ARCHITECTURES, *(combination.name for combination in combinations)}
    for name in only:
        if name not in known:
            raise InputError(f"--only {name}: no such combination; choose from {', '.join(sorted(known))}.")
    return [
        each
        for each in combinations
        if each.name in only or (each.recal in _PAPER and (not only or each.architecture in only))
    ]
