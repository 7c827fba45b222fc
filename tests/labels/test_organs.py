"""The organ table of a config."""

from __future__ import annotations

import pytest

from monai_scse.labels import Organ, organ_table
from monai_scse.runtime import InputError

LIVER = {"name": "liver", "colour": [221, 130, 101]}
LUNG = {
    "name": "right lung",
    "colour": [172, 218, 230],
    "snomed": 39607008,
    "visceral": [1302],
    "totalsegmentator": ["lung_upper_lobe_right", "lung_lower_lobe_right"],
    "totalsegmentator_v2": [12, 14],
    "hospital": [3],
}


def test_table_begins_with_background_and_keeps_the_order() -> None:
    background, liver, lung = organ_table([LIVER, LUNG])
    assert background == Organ("background", (0, 0, 0))
    assert liver == Organ("liver", (221, 130, 101))
    assert (lung.name, lung.snomed, lung.visceral) == ("right lung", "39607008", (1302,))
    assert lung.totalsegmentator == ("lung_upper_lobe_right", "lung_lower_lobe_right")
    assert lung.numbers == {"totalsegmentator_v2": (12, 14), "hospital": (3,)}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "organs must list 1 to 23 organs, got 0"),
        ([{**LIVER, "name": str(i)} for i in range(24)], "organs must list 1 to 23 organs, got 24"),
        ([LIVER, {**LIVER, "name": "Liver"}], "organs: liver occurs twice"),
        ([{**LIVER, "name": "background"}], "organs: background occurs twice"),
        ([{"name": "liver"}], "lacks 'colour'; give every organ a name and a colour"),
        ([{"colour": [1, 2, 3]}], "lacks 'name'; give every organ a name and a colour"),
        ([{**LIVER, "colour": [1, 2]}], "the colour of 'liver' must be three numbers from 0 to 255"),
        ([{**LIVER, "colour": [1, 2, 256]}], "the colour of 'liver' must be three numbers from 0 to 255"),
    ],
)
def test_bad_tables(entries, message) -> None:
    with pytest.raises(InputError, match=message):
        organ_table(entries)


def test_volume_and_parts_of_an_organ() -> None:
    _, liver = organ_table([{**LIVER, "min_volume_ml": 400, "many_parts": True}])
    assert (liver.min_volume_ml, liver.many_parts) == (400.0, True)
    assert organ_table([LIVER])[1].min_volume_ml == 0
    assert not organ_table([LIVER])[1].many_parts
