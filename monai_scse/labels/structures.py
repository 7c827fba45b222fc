"""The classes of a segmentation: names, colours, codes and sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..runtime import InputError
from ..runtime.arguments import check_list, check_name, check_range, check_whole

__all__ = [
    "Code",
    "Structure",
    "code_of",
    "mirrored_classes",
    "name_and_colour",
    "refuse_repeated_names",
    "side_pairs",
    "structure_codes",
    "structure_table",
]

#: Value, scheme and meaning of a code, as DICOM has them.
Code = tuple[str, str, str]

# SNOMED CT codes of DICOM's own dictionary
_SIDES: dict[str, Code] = {"right": ("24028007", "SCT", "Right"), "left": ("7771000", "SCT", "Left")}


@dataclass(frozen=True)
class Structure:
    """One class of a segmentation.

    Args:
        name: in 3D Slicer's terms.
        colour: (red, green, blue) of 0 to 255.
        snomed: SNOMED CT code without the side, for DICOM. Empty where there is none.
        dicom: DICOM's own code without the side, where there is no SNOMED CT code.
        volume_ml: lowest, median and highest volume, as :class:`monai_scse.transforms.BrainQCd` expects it. None where
            nothing is expected.
    """

    name: str
    colour: tuple[int, int, int]
    snomed: str = ""
    dicom: str = ""
    volume_ml: tuple[float, float, float] | None = None


def structure_codes(structure: Structure) -> tuple[Code | None, Code | None]:
    """The code of a structure and that of its side. DICOM and 3D Slicer code them apart.

    Args:
        structure: its name begins with "left " or "right " where it has a side.

    Returns:
        the code of the structure and that of the side, each None where there is none.

    Example:
        >>> structure_codes(Structure("left thalamus", (0, 118, 14), "42695009"))
        (('42695009', 'SCT', 'Thalamus'), ('7771000', 'SCT', 'Left'))
    """
    first, _, rest = structure.name.partition(" ")
    side = _SIDES.get(first)
    kind = rest if side else structure.name
    meaning = kind[:1].upper() + kind[1:]
    if structure.snomed:
        return (structure.snomed, "SCT", meaning), side
    return ((structure.dicom, "DCM", meaning) if structure.dicom else None), side


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


def mirrored_classes(structures: Sequence[Structure]) -> list[int]:
    """For each class index that of the same structure on the other side, or its own where it has no sides.

    Args:
        structures: the classes, index 0 is background.

    Example:
        >>> mirrored_classes([Structure(name, (0, 0, 0)) for name in ("background", "left lung", "right lung")])
        [0, 2, 1]
    """
    mirrored = list(range(len(structures)))
    for right, left in side_pairs(structures):
        mirrored[right], mirrored[left] = left, right
    return mirrored


def name_and_colour(entry: Mapping[str, Any], table: str) -> tuple[str, tuple[int, int, int]]:
    """The name and colour of an entry of a table in a config.

    Args:
        entry: the entry.
        table: name of the table, for error messages.

    Raises:
        InputError: when one of them is missing, or the colour is none.
    """
    if not isinstance(entry, Mapping):
        raise InputError(f"{table}: every entry must be a dictionary with a name and a colour, got {entry!r}.")
    try:
        name, colour = entry["name"], entry["colour"]
    except KeyError as error:
        kind = table.removesuffix("s")
        raise InputError(f"{table}: {dict(entry)} lacks {error}; give every {kind} a name and a colour.") from error
    check_name(f"{table}: every name", name)
    check_list(f"{table}: the colour of {name!r}", colour, 3)
    for part in colour:
        check_whole(f"{table}: the colour of {name!r}", part, 0, 255)
    red, green, blue = colour
    return name, (red, green, blue)


def code_of(entry: Mapping[str, Any], scheme: str, table: str) -> str:
    """The code of an entry of a table in a config, empty where it has none.

    Args:
        entry: the entry.
        scheme: its key, ``"snomed"`` or ``"dicom"``.
        table: name of the table, for error messages.

    Raises:
        InputError: when it is no code.
    """
    code = entry.get(scheme, "")
    if not isinstance(code, (str, int)) or isinstance(code, bool):
        raise InputError(f"{table}: the {scheme} of {entry['name']!r} must be a code, got {code!r}.")
    return str(code)


def _volume_of(entry: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """The expected volume of an entry of a table in a config, None where it has none.

    Raises:
        InputError: when it is no lowest, median and highest volume.
    """
    if (volume := entry.get("volume_ml")) is None:
        return None
    what = f"structures: the volume_ml of {entry['name']!r}"
    check_list(what, volume, 3)
    low, median, high = volume
    check_range(what, (low, median), 0)
    check_range(what, (median, high), 0)
    return low, median, high


def refuse_repeated_names(structures: Sequence[Structure], table: str) -> None:
    """Raise an :class:`InputError` when two structures have the same name, or one that of the background.

    Args:
        structures: the classes without background.
        table: name of the table, for the message.
    """
    names = [structure.name.lower() for structure in structures]
    repeated = sorted({name for name in names if names.count(name) > 1 or name == "background"})
    if repeated:
        raise InputError(f"{table}: {', '.join(repeated)} occurs twice; names must differ, also in lower case.")


def structure_table(structures: Sequence[Mapping[str, Any]]) -> tuple[Structure, ...]:
    """The classes of a segmentation: background, then one for each entry of a table of structures.

    Args:
        structures: dictionaries with ``name``, ``colour`` and, for DICOM, ``snomed`` or ``dicom``. ``volume_ml`` is for
            quality control, see :class:`Structure`.

    Raises:
        InputError: when an entry lacks its name or colour, two have the same name, or there are none.

    Example:
        >>> [structure.name for structure in structure_table([{"name": "brainstem", "colour": [119, 159, 176]}])]
        ['background', 'brainstem']
    """
    check_list("structures", structures)
    if not structures:
        raise InputError("structures must list at least one structure, got none.")
    table = [
        Structure(
            *name_and_colour(entry, "structures"),
            snomed=code_of(entry, "snomed", "structures"),
            dicom=code_of(entry, "dicom", "structures"),
            volume_ml=_volume_of(entry),
        )
        for entry in structures
    ]
    refuse_repeated_names(table, "structures")
    return (Structure("background", (0, 0, 0)), *table)
