"""Label protocols: which structures there are, and how the numbers of a labelled scan map to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite

import numpy as np

from ..runtime import InputError
from ..runtime.arguments import check_choice
from .freesurfer import freesurfer_numbering, freesurfer_structure
from .structures import Structure

__all__ = ["NUMBERINGS", "OUTPUT_LABELS", "LabelProtocol", "label_protocol", "output_numbers"]


# in lookup tables: no class
_UNKNOWN = 255
# how far a whole number may be off, as a share of it, where it was stored as a float32
_ROUNDING = 1e-6
# label numbers are read in pieces of this many voxels, so that a large scan needs little further memory
_PIECE = 1 << 22
# more different numbers than a label map has
_MANY_VALUES = 300
# a map belongs to another protocol that finds as many structures, and twice as many as the one that is asked for
_MANY_STRUCTURES = 10


@dataclass(frozen=True)
class LabelProtocol:
    """A way to number the structures of a labelled scan.

    Args:
        name: the name of the protocol.
        structures: the classes. The position is the class index, 0 is background.
        class_of_label: the class index of every label number that the protocol knows.
        others_are_background: whether further positive numbers are background. Otherwise they are errors.
        choice: what the user can choose in place of this protocol, for error messages.
        without_side: numbers that say no side, and the classes of both sides. A voxel gets the one that is nearer.
        others: the class index of every number of further protocols, by their names, to tell their maps.
    """

    name: str
    structures: tuple[Structure, ...]
    class_of_label: Mapping[int, int]
    others_are_background: bool = False
    choice: str = "choose another label_protocol"
    without_side: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    others: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    @cached_property
    def _lookup_table(self) -> np.ndarray:
        """The class of each number from 0. The last entries are those of a number beyond and of one that is none."""
        beyond = 0 if self.others_are_background else _UNKNOWN
        table = np.full(max(self._labels) + 3, beyond, dtype=np.uint8)
        table[-1] = _UNKNOWN
        for label, class_index in self.class_of_label.items():
            table[label] = class_index
        for code, (labels, _) in self._codes_without_side.items():
            table[labels] = code
        return table

    @property
    def _labels(self) -> list[int]:
        return [*self.class_of_label, *self.without_side]

    @cached_property
    def _codes_without_side(self) -> dict[int, tuple[list[int], tuple[int, int]]]:
        """For each pair of sides a code in the lookup table, and the numbers that may belong to either."""
        pairs = sorted(set(self.without_side.values()))
        return {
            _UNKNOWN - 1 - index: ([label for label, sides in self.without_side.items() if sides == pair], pair)
            for index, pair in enumerate(pairs)
        }

    def to_classes(self, labels: np.ndarray, file: str = "label") -> np.ndarray:
        """Replace label numbers by class indices.

        Args:
            labels: label numbers, any shape, any data type. Whole numbers up to the rounding of stored floats.
            file: where they come from, for the error message.

        Returns:
            class indices, uint8, same shape.

        Raises:
            InputError: when there are values that are not whole numbers, numbers that the protocol does not know,
                numbers without a side and none with one, or the numbers of another protocol.
        """
        table, values = self._lookup_table, labels.reshape(-1)
        classes = np.empty(values.shape, dtype=np.uint8)
        refused: set[float] = set()
        present = np.zeros(len(table), dtype=bool)
        for start in range(0, values.size, _PIECE):
            piece = values[start : start + _PIECE].astype(np.float64)
            with np.errstate(invalid="ignore"):  # infinite values
                numbers = np.rint(piece)
                known = (np.abs(piece - numbers) <= _ROUNDING * numbers) & (numbers >= 0)
            index = np.where(known, np.minimum(numbers, len(table) - 2), len(table) - 1).astype(np.int32)
            found = classes[start : start + _PIECE] = table[index]
            present[index] = True
            refused.update(np.unique(piece[found == _UNKNOWN]).tolist())
        if refused:
            raise InputError(f"{file}: {self._what_is_wrong(sorted(refused))}.")
        self._refuse_map_of_another(np.flatnonzero(present).tolist(), file)
        shaped = classes.reshape(labels.shape)
        for code, (_, sides) in self._codes_without_side.items():
            if (without := shaped == code).any():
                told = ", ".join(f"{number:g}" for number in np.unique(labels[without]))
                self._choose_sides(shaped, without, sides, f"{file}: label {told}")
        return shaped

    def _refuse_map_of_another(self, numbers: Sequence[int], file: str) -> None:
        ours = len({self.class_of_label.get(number, 0) for number in numbers} - {0})
        for name, class_of_label in self.others.items():
            if all(number in class_of_label for number in numbers):
                theirs = len({class_of_label[number] for number in numbers} - {0})
                if theirs >= max(_MANY_STRUCTURES, 2 * ours):
                    raise InputError(
                        f"{file}: a map of {name!r}, in which it has {theirs} structures and in {self.name!r} {ours}; "
                        f"set label_protocol to {name}."
                    )

    def _choose_sides(self, classes: np.ndarray, without: np.ndarray, sides: tuple[int, int], what: str) -> None:
        """Give each voxel without a side the class of the nearest voxel with one."""
        from scipy.spatial import KDTree

        sided = np.argwhere(np.isin(classes, sides))
        if not len(sided):
            names = " or ".join(self.structures[side].name for side in sides)
            raise InputError(f"{what} has no side, and the map has no {names} beside it; label these too.")
        _, nearest = KDTree(sided).query(np.argwhere(without))
        classes[without] = classes[tuple(sided[nearest].T)]

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
            f"unknown label {shown}: {self.name!r} has {len(self._labels)} labels from 0 to "
            f"{max(self._labels)}; correct the file or {self.choice}"
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


#: For each numbering of labels, the numbers that it has and the structures that they belong to.
NUMBERINGS = {"neuromorphometrics": _neuromorphometrics(), "freesurfer": freesurfer_numbering()}
#: The numbers that a segmentation can have.
OUTPUT_LABELS = ("classes", "freesurfer")


def output_numbers(output_labels: str, structures: Sequence[Structure]) -> list[int]:
    """The number of each class in a segmentation.

    Args:
        output_labels: ``"classes"`` for the class indices, ``"freesurfer"`` for the numbers of its ``aseg``.
        structures: the classes, index 0 is background.

    Raises:
        InputError: when there are no such labels, or FreeSurfer has no number for a structure.

    Example:
        >>> output_numbers("freesurfer", [Structure(name, (0, 0, 0)) for name in ("background", "brainstem")])
        [0, 16]
    """
    check_choice("output_labels", output_labels, OUTPUT_LABELS)
    if output_labels == "classes":
        return list(range(len(structures)))
    return [freesurfer_structure(structure.name)[0] for structure in structures]


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
    sides = {kind: (f"left {kind}", f"right {kind}") for kind in set(numbering.values()).difference(index_of)}
    pairs = {
        kind: (index_of[left], index_of[right]) for kind, (left, right) in sides.items() if {left, right} <= {*index_of}
    }
    return LabelProtocol(
        name,
        tuple(structures),
        {number: index_of.get(kind, 0) for number, kind in numbering.items() if kind not in pairs},
        without_side={number: pairs[kind] for number, kind in numbering.items() if kind in pairs},
        others={
            other: {number: index_of.get(kind, 0) for number, kind in kinds.items()}
            for other, kinds in (*NUMBERINGS.items(), ("classes", dict(enumerate(index_of))))
            if other != name
        },
    )
