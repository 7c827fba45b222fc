"""The rows and columns of the paper's table: networks and recalibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monai_scse.runtime import InputError

__all__ = ["ARCHITECTURES", "RECALIBRATIONS", "Combination", "select_combinations"]

#: networks by the name of the bundle's config file, such as unet.yaml, and as the paper names them
ARCHITECTURES = {"unet": "U-Net", "sdnet": "SD-Net", "fcdensenet": "DenseNet"}
RECALIBRATIONS = {"none": "no SE", "cse": "cSE", "sse": "sSE", "scse": "scSE", "scse_max": "scSE, max"}
#: the columns of the paper's table, and scSE that takes the maximum, as in the authors' later version
_PAPER = ("none", "cse", "sse", "scse")
#: entries ``network_def#recal`` of the bundle's config, as text since MONAI's commands drop an entry that is None
_ENTRIES: dict[str, Any] = {"none": "$None", "scse_max": ["scse", {"merge": "max"}]}


@dataclass(frozen=True)
class Combination:
    """One network with one kind of recalibration."""

    architecture: str
    recal: str

    @property
    def name(self) -> str:
        """For example ``unet_scse``."""
        return f"{self.architecture}_{self.recal}"

    @property
    def config_file(self) -> str:
        """Name of the bundle's config file of the network."""
        return f"{self.architecture}.yaml"

    @property
    def overrides(self) -> dict[str, Any]:
        """Entry of the bundle's config that chooses the recalibration."""
        return {"network_def#recal": _ENTRIES.get(self.recal, self.recal)}


def select_combinations(only: Sequence[str] = ()) -> list[Combination]:
    """The combinations of the paper's table, or some of them.

    Args:
        only: architectures, for the four columns of the paper, or names of combinations, ``scse_max`` included. Empty
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
