"""The table of structures that a config holds."""

from __future__ import annotations

import pytest

from monai_scse.labels import Structure, mirrored_classes, structure_table
from monai_scse.runtime import InputError

ENTRY = {"name": "left amygdala", "colour": [103, 255, 255]}


def test_background_comes_first() -> None:
    assert structure_table([{**ENTRY, "snomed": "4958002"}]) == (
        Structure("background", (0, 0, 0)),
        Structure("left amygdala", (103, 255, 255), "4958002"),
    )


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "structures must list at least one structure, got none"),
        ([{"name": "brainstem"}], "lacks 'colour'; give every structure a name and a colour"),
        (
            [{**ENTRY, "colour": [1, 2, 256]}],
            "the colour of 'left amygdala' must be a whole number from 0 to 255",
        ),
        ([ENTRY, {**ENTRY, "name": "Left Amygdala"}], "left amygdala occurs twice"),
        ([{**ENTRY, "name": "background"}], "background occurs twice"),
    ],
)
def test_wrong_table_is_refused(entries: list[dict], message: str) -> None:
    with pytest.raises(InputError, match=message):
        structure_table(entries)


def test_a_structure_without_its_other_side_keeps_its_class() -> None:
    names = ("right thalamus", "brainstem", "left thalamus", "left amygdala")
    table = structure_table([{"name": name, "colour": [0, 0, 9]} for name in names])
    assert mirrored_classes(table) == [0, 3, 2, 1, 4]
