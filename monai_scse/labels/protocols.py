"""Label protocols: which structures there are, and how the numbers of a labelled scan map to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np

from ..runtime import InputError
from .structures import Structure, side_pairs

__all__ = [
    "LABEL_PROTOCOLS",
    "BRAIN_STRUCTURES",
    "LabelProtocol",
    "get_label_protocol",
    "mirrored_classes",
]


# in lookup tables: no class
_UNKNOWN = 255
# how far a whole number may be off where it was stored as a float
_ROUNDING = 1e-3
# label numbers are read in pieces of this many voxels, so that a large scan needs little further memory
_PIECE = 1 << 22
# more different numbers than a label map has
_MANY_VALUES = 300


@dataclass(frozen=True)
class LabelProtocol:
    """A way to number the structures of a labelled scan.

    Args:
        name: the name of the protocol.
        structures: the classes; the position is the class index, 0 is background.
        class_of_label: the class index of every label number that the protocol knows.
        others_are_background: whether further positive numbers are background; otherwise they are errors.
        choice: what the user can choose in place of this protocol, for error messages.
    """

    name: str
    structures: tuple[Structure, ...]
    class_of_label: Mapping[int, int]
    others_are_background: bool = False
    choice: str = "choose another label_protocol"

    @cached_property
    def _lookup_table(self) -> np.ndarray:
        """The class of each number from 0; the last entries are those of a number beyond and of one that is none."""
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
                known = (np.abs(piece - numbers) <= _ROUNDING) & (numbers >= 0)
            index = np.where(known, np.minimum(numbers, len(table) - 2), len(table) - 1).astype(np.int32)
            found = classes[start : start + _PIECE] = table[index]
            refused.update(np.unique(piece[found == _UNKNOWN]).tolist())
        if refused:
            raise InputError(f"{file}: {self._what_is_wrong(sorted(refused))}.")
        return classes.reshape(labels.shape)

    def _what_is_wrong(self, refused: Sequence[float]) -> str:
        fractions = [value for value in refused if not isfinite(value) or abs(value - round(value)) > _ROUNDING]
        shown = ", ".join(f"{value:g}" for value in (fractions or refused)[:8])
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


# FreeSurfer's colours, which are familiar in every viewer
_BRAIN = {
    "cerebral white matter": (245, 245, 245),
    "cerebral cortex": (205, 62, 78),
    "lateral ventricle": (120, 18, 134),
    "cerebellum white matter": (220, 248, 164),
    "cerebellum cortex": (230, 148, 34),
    "thalamus": (0, 118, 14),
    "caudate": (122, 186, 220),
    "putamen": (236, 13, 176),
    "pallidum": (12, 48, 255),
    "3rd ventricle": (204, 182, 142),
    "4th ventricle": (42, 204, 164),
    "brainstem": (119, 159, 176),
    "hippocampus": (220, 216, 20),
    "amygdala": (103, 255, 255),
    "ventral DC": (165, 42, 42),
}


def _brain(name: str) -> Structure:
    return Structure(name, _BRAIN[name.removeprefix("left ").removeprefix("right ")])


#: The 27 structures of the paper, in the order of its authors' label file; index 0 is background.
BRAIN_STRUCTURES = (
    Structure("background", (0, 0, 0)),
    _brain("left cerebral white matter"),
    _brain("left cerebral cortex"),
    _brain("right cerebral white matter"),
    _brain("right cerebral cortex"),
    _brain("left lateral ventricle"),
    _brain("left cerebellum white matter"),
    _brain("left cerebellum cortex"),
    _brain("left thalamus"),
    _brain("left caudate"),
    _brain("left putamen"),
    _brain("left pallidum"),
    _brain("3rd ventricle"),
    _brain("4th ventricle"),
    _brain("brainstem"),
    _brain("left hippocampus"),
    _brain("left amygdala"),
    _brain("left ventral DC"),
    _brain("right lateral ventricle"),
    _brain("right cerebellum white matter"),
    _brain("right cerebellum cortex"),
    _brain("right thalamus"),
    _brain("right caudate"),
    _brain("right putamen"),
    _brain("right pallidum"),
    _brain("right hippocampus"),
    _brain("right amygdala"),
    _brain("right ventral DC"),
)


def _neuromorphometrics() -> dict[int, int]:
    """The official label numbers; cortical labels are 100 to 207, even ones right, odd ones left."""
    official = [*range(77), *range(80, 94), *range(97, 208)]
    classes = dict.fromkeys(official, 0)
    classes.update({label: 4 if label % 2 == 0 else 2 for label in range(100, 208)})
    classes.update({45: 1, 44: 3, 52: 5, 41: 6, 39: 7, 60: 8, 37: 9, 58: 10, 56: 11, 4: 12, 11: 13, 35: 14, 48: 15})
    classes.update({32: 16, 62: 17, 51: 18, 40: 19, 38: 20, 59: 21, 36: 22, 57: 23, 55: 24, 47: 25, 31: 26, 61: 27})
    return classes


#: ``neuromorphometrics`` reads manual labels (MALC 2012); ``structures27`` reads class indices, the bundle's output.
LABEL_PROTOCOLS = {
    "neuromorphometrics": LabelProtocol("neuromorphometrics", BRAIN_STRUCTURES, _neuromorphometrics()),
    "structures27": LabelProtocol("structures27", BRAIN_STRUCTURES, {index: index for index in range(28)}),
}


def get_label_protocol(name: str) -> LabelProtocol:
    """The protocol of this name.

    Raises:
        InputError: when there is none.
    """
    if name not in LABEL_PROTOCOLS:
        raise InputError(f"label_protocol must be one of {', '.join(LABEL_PROTOCOLS)}, got {name!r}.")
    return LABEL_PROTOCOLS[name]


def mirrored_classes(protocol: str) -> list[int]:
    """For each class index of a protocol, that of the same structure on the other side; its own where it has no sides.

    Example:
        >>> mirrored_classes("structures27")[:6]
        [0, 3, 4, 1, 2, 18]
    """
    structures = get_label_protocol(protocol).structures
    mirrored = list(range(len(structures)))
    for right, left in side_pairs(structures):
        mirrored[right], mirrored[left] = left, right
    return mirrored
