"""Calls of public classes and functions with odd arguments: a clear refusal or an object that works."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from monai.data import MetaTensor

from monai_scse.labels import organ_table, structure_table

#: What a JSON config or a command line can give.
ODD = (
    *(None, "", "typo", "3", "false", [], [1], ["typo"], {}, True, False),
    *(0, -1, 2.5, 1e30, float("nan"), float("inf"), -float("inf")),
    *(-3, -2, 1, 2, 3, 4, 5, 6),
)

ORGANS = [
    {"name": "liver", "colour": [221, 130, 101], "min_volume_ml": 1.0, "hospital": [5]},
    {"name": "left lung", "colour": [1, 2, 3], "hospital": [6]},
    {"name": "right lung", "colour": [1, 2, 3], "hospital": [7]},
]
TABLE = organ_table(ORGANS)
STRUCTURES = structure_table([{"name": organ["name"], "colour": organ["colour"]} for organ in ORGANS])


@dataclass(frozen=True)
class Call:
    """A call that works, and the arguments to replace.

    Args:
        works: makes the object of the arguments and uses it on a tiny input.
        good: plausible values of the arguments to replace.
        entries: arguments that name an entry of a sample. MONAI raises a KeyError with the name of a missing one.
    """

    works: Callable[..., object]
    good: Mapping[str, Any]
    entries: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys([*self.good, *self.entries]))

    def check(self, **odd: Any) -> None:
        """Call with some arguments replaced. A refusal names one of them, or shows its value."""
        accepted = (ValueError, TypeError, KeyError) if set(odd) & set(self.entries) else (ValueError, TypeError)
        try:
            self.works(**{**self.good, **odd})
        except accepted as error:
            refusal = str(error)
        else:
            return
        assert any(self._names(refusal, argument, value) for argument, value in odd.items()), refusal

    def _names(self, refusal: str, argument: str, value: Any) -> bool:
        shown = str(value).strip("[]") if argument in self.entries else f"{value}: "  # of a path, in front of the fault
        shows_number = isinstance(value, (int, float)) and f" {value:g} " in refusal  # among words of its own
        return argument in refusal or shown in refusal or shows_number or (value != "" and repr(value) in refusal)


def public_names(modules: list[str]) -> list[str]:
    """``<module>.<name>`` of every class and function that the modules export."""
    loaded = {module: importlib.import_module(f"monai_scse.{module}") for module in modules}
    return [
        f"{module}.{name}"
        for module, content in loaded.items()
        for name in content.__all__
        if callable(getattr(content, name))
    ]


def scan(channels: int = 1) -> MetaTensor:
    """A volume of random numbers with voxels of 1, 2 and 3 mm."""
    return MetaTensor(torch.rand(channels, 9, 8, 7), affine=torch.diag(torch.tensor([1.0, 2, 3, 1])))


def label() -> MetaTensor:
    """Class indices of 0 to 3 on the grid of the scan."""
    return MetaTensor((scan() * 4).floor(), affine=scan().affine)
