"""The classes of a segmentation: names, colours, codes and sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Structure", "side_pairs"]


@dataclass(frozen=True)
class Structure:
    """One class of a segmentation.

    Args:
        name: in 3D Slicer's terms.
        colour: (red, green, blue) of 0 to 255.
        snomed: SNOMED CT code without the side, for DICOM. Empty where there is none.
    """

    name: str
    colour: tuple[int, int, int]
    snomed: str = ""


def side_pairs(structures: Sequence[Structure]) -> list[tuple[int, int]]:
    """Class indices of right and left of every paired structure, by the names "right ..." and "left ...".

    Args:
        structures: the classes, index 0 is background.

    Example:
        >>> side_pairs([Structure(name, (0, 0, 0)) for name in ("background", "left lung", "liver", "right lung")])
        [(3, 1)]
    """
    names = [structure.name.lower() for structure in structures]
    rights = [name for name in names if name.startswith("right ")]
    pairs = [(name, name.replace("right ", "left ", 1)) for name in rights]
    return [(names.index(right), names.index(left)) for right, left in pairs if left in names]
