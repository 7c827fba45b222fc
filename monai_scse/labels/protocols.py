"""Label protocols: which structures there are, and how the numbers of a labelled scan map to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np

from ..runtime import InputError
from ..runtime.arguments import check_choice
from .structures import Structure

__all__ = ["NUMBERINGS", "LabelProtocol", "label_protocol"]


# in lookup tables: no class
_UNKNOWN = 255
# how far a whole number may be off, as a share of it, where it was stored as a float32
_ROUNDING = 1e-6
# label numbers are read in pieces of this many voxels, so that a large scan needs little further memory
_PIECE = 1 << 22
# more different numbers than a label map has
_MANY_VALUES = 300


@dataclass(frozen=True)
class LabelProtocol:
    """A way to number the structures of a labelled scan.

    Args:
        name: the name of the protocol.
        structures: the classes. The position is the class index, 0 is background.
        class_of_label: the class index of every label number that the protocol knows.
        others_are_background: whether further positive numbers are background. Otherwise they are errors.
        choice: what the user can choose in place of this protocol, for error messages.
    """

    name: str
    structures: tuple[Structure, ...]
    class_of_label: Mapping[int, int]
    others_are_background: bool = False
    choice: str = "choose another label_protocol"

    @cached_property
    def _lookup_table(self) -> np.ndarray:
        """The class of each number from 0. The last entries are those of a number beyond and of one that is none."""
        beyond = 0 if self.others_are_background else _UNKNOWN
        table = np.full(max(self.class_of_label) + 3, beyond, dtype=np.uint8)
        table[-1] = _UNKNOWN
        for label, class_index in self.class_of_label.items():
            table[label] = class_index
        return table

    def to_classes(self, labels: np.ndarray, file: str = "label") -> np.ndarray:
        """Replace label numbers by class indices.

        Args:
            labels: label numbers, any shape, any data type. Whole numbers up to the rounding of stored floats.
            file: where they come from, for the error message.

        Returns:
            class indices, uint8, same shape.

        Raises:
            InputError: when there are values that are not whole numbers, or numbers that the protocol does not know.
        """
        table, values = self._lookup_table, labels.reshape(-1)
        classes = np.empty(values.shape, dtype=np.uint8)
        refused: set[float] = set()
        for start in range(0, values.size, _PIECE):
            piece = values[start : start + _PIECE].astype(np.float64)
            with np.errstate(invalid="ignore"):  # infinite values
                numbers = np.rint(piece)
                known = (np.abs(piece - numbers) <= _ROUNDING * numbers) & (numbers >= 0)
            index = np.where(known, np.minimum(numbers, len(table) - 2), len(table) - 1).astype(np.int32)
            found = classes[start : start + _PIECE] = table[index]
            refused.update(np.unique(piece[found == _UNKNOWN]).tolist())
        if refused:
            raise InputError(f"{file}: {self._what_is_wrong(sorted(refused))}.")
        return classes.reshape(labels.shape)

    def _what_is_wrong(self, refused: Sequence[float]) -> str:
        fractions = [
            value for value in refused if not isfinite(value) or abs(value - round(value)) > _ROUNDING * abs(value)
        ]
        shown = ", ".join(f"{value:.7g}" for value in (fractions or refused)[:8])
        shown += ", ..." if len(fractions or refused) > 8 else ""
        if fractions:
            return (
                f"value {shown} is no label, labels are whole numbers; "
                "undo a scaling, or resample the labels anew with nearest neighbours"
            )
        if len(refused) > _MANY_VALUES:
            span = f"from {refused[0]:g} to {refused[-1]:g}"
            return f"{len(refused)} unknown values {span}, as of an image; give its labels"
        return (
            f"unknown label {shown}: {self.name!r} has {len(self.class_of_label)} labels from 0 to "
            f"{max(self.class_of_label)}; correct the file or {self.choice}"
        )


_SIDES = {
    "cerebral white matter": (45, 44),
    "lateral ventricle": (52, 51),
    "cerebellum white matter": (41, 40),
    "cerebellum cortex": (39, 38),
    "thalamus": (60, 59),
    "caudate": (37, 36),
    "putamen": (58, 57),
    "pallidum": (56, 55),
    "hippocampus": (48, 47),
    "amygdala": (32, 31),
    "ventral DC": (62, 61),
}


def _neuromorphometrics() -> dict[int, str]:
    """The official label numbers, and the name of the structure that each belongs to, empty for others."""
    names = dict.fromkeys([*range(77), *range(80, 94), *range(97, 208)], "")
    names.update({number: f"{'right' if number % 2 == 0 else 'left'} cerebral cortex" for number in range(100, 208)})
    names.update({4: "3rd ventricle", 11: "4th ventricle", 35: "brainstem"})
    for name, (left, right) in _SIDES.items():
        names.update({left: f"left {name}", right: f"right {name}"})
    return names


#: For each numbering of manual labels, the numbers that it has and the structures that they belong to.
NUMBERINGS = {"neuromorphometrics": _neuromorphometrics()}


def label_protocol(name: str, structures: Sequence[Structure]) -> LabelProtocol:
    """How the numbers of a labelled brain map to classes.

    Args:
        name: ``"classes"``, for the indices that a bundle writes, or a key of :data:`NUMBERINGS`.
        structures: the classes, index 0 is background. Numbers of all other structures become background.

    Raises:
        InputError: when there is no such protocol, or it has no number for one of the structures.
    """
    if name == "classes":
        return LabelProtocol(name, tuple(structures), {index: index for index in range(len(structures))})
    check_choice("label_protocol", name, [*NUMBERINGS, "classes"])
    numbering = NUMBERINGS[name]
    index_of = {structure.name: index for index, structure in enumerate(structures)}
    unknown = [known for known in index_of if known != "background" and known not in numbering.values()]
    if unknown:
        raise InputError(f"structures: {name!r} has no number for {', '.join(unknown)}; take a name that it has.")
    return LabelProtocol(
        name, tuple(structures), {number: index_of.get(structure, 0) for number, structure in numbering.items()}
    )
