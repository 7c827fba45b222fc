"""The organ table: which organs a bundle segments and where each data set keeps them. It is an entry of the configs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..runtime import InputError
from ..runtime.arguments import check_choice, check_list, check_name, check_number, check_whole, flag_of
from .protocols import LabelProtocol
from .structures import Structure, code_of, name_and_colour, refuse_repeated_names

__all__ = ["PLACES", "Organ", "organ_protocol", "organ_table"]

#: Where an organ lies, as quality control knows it: see :class:`monai_scse.transforms.OrganShapeQCd`. A lung tells
#: where the diaphragm is. An organ along the spine is one tube.
PLACES = ("lung", "below the diaphragm", "above the pelvis", "along the spine")

# a set of organs must fit into the 24 bits that float32 holds exactly, see partial_labels.py
_MAX_ORGANS = 23

# the highest number of each numbering that is known completely
_HIGHEST_NUMBER = {"totalsegmentator_v2": 117, "synthetic": 35}


@dataclass(frozen=True)
class Organ(Structure):
    """An organ, and how data sets refer to it.

    Args:
        name: as in :class:`Structure`.
        colour: as in :class:`Structure`.
        snomed: as in :class:`Structure`.
        visceral: RadLex identifiers in the file names of Visceral, whose union is the organ.
        totalsegmentator: names of mask files of TotalSegmentator, whose union is the organ.
        numbers: for each numbering of label maps, the numbers whose union is the organ.
        min_volume_ml: smallest plausible volume of the whole organ of an adult in ml, 0 for no limit.
        max_volume_ml: largest plausible volume of an adult's organ in ml, 0 for no limit.
        many_parts: whether parts that are not connected to the largest one are kept.
        places: entries of :data:`PLACES`.
    """

    visceral: tuple[int, ...] = ()
    totalsegmentator: tuple[str, ...] = ()
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    min_volume_ml: float = 0.0
    max_volume_ml: float = 0.0
    many_parts: bool = False
    places: tuple[str, ...] = ()


def _organ(entry: Mapping[str, Any]) -> Organ:
    name, colour = name_and_colour(entry, "organs")
    columns = {column: value for column, value in entry.items() if column not in ("name", "colour", "snomed")}
    least, many = columns.pop("min_volume_ml", 0.0), columns.pop("many_parts", False)
    most, places = columns.pop("max_volume_ml", 0.0), columns.pop("places", ())
    check_number(f"organs: the min_volume_ml of {name!r}", least, 0)
    check_number(f"organs: the max_volume_ml of {name!r}", most, least if most else 0)
    check_list(f"organs: the places of {name!r}", places)
    for place in places:
        check_choice(f"organs: the places of {name!r}", place, PLACES)
    for column, value in columns.items():
        check_list(f"organs: the {column} of {name!r}", value)
        if column != "totalsegmentator":
            for number in value:
                check_whole(f"organs: the {column} of {name!r}", number, 1)
    masks, radlex = columns.pop("totalsegmentator", ()), columns.pop("visceral", ())
    for mask in masks:
        check_name(f"organs: the totalsegmentator of {name!r}", mask)
    return Organ(
        name,
        colour,
        snomed=code_of(entry, "snomed", "organs"),
        visceral=tuple(radlex),
        totalsegmentator=tuple(masks),
        min_volume_ml=float(least),
        max_volume_ml=float(most),
        places=tuple(places),
        many_parts=flag_of(f"organs: the many_parts of {name!r}", many),
        numbers={numbering: tuple(values) for numbering, values in columns.items()},
    )


def organ_table(organs: Sequence[Mapping[str, Any]]) -> tuple[Organ, ...]:
    """The classes of a segmentation: background, then one for each entry of the organ table.

    Args:
        organs: dictionaries with ``name``, ``colour`` and, as far as they are used, ``snomed``, ``visceral``,
            ``totalsegmentator``, ``min_volume_ml``, ``max_volume_ml``, ``many_parts``, ``places`` (see
            :class:`Organ`). Any other key is a numbering of label maps, with a list of numbers.

    Raises:
        InputError: when an entry lacks its name or colour, two have the same name, or there are none or too many.

    Example:
        >>> table = organ_table([{"name": "liver", "colour": [221, 130, 101], "totalsegmentator_v2": [5]}])
        >>> [structure.name for structure in table], table[1].numbers["totalsegmentator_v2"]
        (['background', 'liver'], (5,))
    """
    check_list("organs", organs)
    table = [_organ(entry) for entry in organs]
    if not 0 < len(table) <= _MAX_ORGANS:
        raise InputError(f"organs must list 1 to {_MAX_ORGANS} organs, got {len(table)}.")
    refuse_repeated_names(table, "organs")
    return (Organ("background", (0, 0, 0)), *table)


def organ_protocol(organs: Sequence[Organ], label_numbers: str) -> LabelProtocol:
    """What the numbers of an organ label map mean.

    Numbers of structures that the table does not list are background. The protocol knows all numbers of
    ``"classes"``, ``"totalsegmentator_v2"`` and ``"synthetic"``. Of another numbering it knows only those in the table.

    Args:
        organs: the organ table, background first.
        label_numbers: ``"classes"`` (the positions in the table) or a numbering that organs of the table have.

    Raises:
        InputError: when no organ has a number of this numbering.
    """
    numberings = sorted({numbering for organ in organs for numbering in organ.numbers})
    if label_numbers not in ("classes", *numberings):
        raise InputError(
            f"label_numbers must be 'classes' or a key of the organ table ({', '.join(numberings)}), "
            f"got {label_numbers!r}."
        )
    highest = _HIGHEST_NUMBER.get(label_numbers, 0)
    class_of_label = dict.fromkeys(range(highest + 1), 0)
    for index, organ in enumerate(organs):
        numbers = (index,) if label_numbers == "classes" else organ.numbers.get(label_numbers, ())
        class_of_label.update(dict.fromkeys(numbers, index))
    return LabelProtocol(
        label_numbers,
        tuple(organs),
        class_of_label,
        others_are_background=label_numbers != "classes" and not highest,
        choice=f"choose another label_numbers ({', '.join(['classes', *numberings])})",
    )
