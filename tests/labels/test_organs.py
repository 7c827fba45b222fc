"""The organ table of a config."""

from __future__ import annotations

import numpy as np
import pytest

from monai_scse.labels import Organ, organ_protocol, organ_table
from monai_scse.runtime import InputError
from monai_scse.synthetic.ct.structures import SYNTHETIC_STRUCTURES

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
        ([{**LIVER, "colour": [1, 2]}], "the colour of 'liver' must be a list of 3"),
        ([{**LIVER, "atlas": [0]}], "the atlas of 'liver' must be a whole number of at least 1, got 0"),
        ([{**LIVER, "atlas": [1.5]}], r"the atlas of 'liver' must be a whole number of at least 1, got 1\.5"),
        (
            [{**LIVER, "colour": [1, 2, 256]}],
            "the colour of 'liver' must be a whole number from 0 to 255",
        ),
    ],
)
def test_bad_tables(entries, message) -> None:
    with pytest.raises(InputError, match=message):
        organ_table(entries)


def test_volume_and_parts_of_an_organ() -> None:
    _, liver = organ_table([{**LIVER, "min_volume_ml": 400, "many_parts": True}])
    assert (liver.min_volume_ml, liver.many_parts) == (400.0, True)
    assert organ_table([LIVER])[1].min_volume_ml == 0


def test_largest_volume_and_places() -> None:
    _, liver = organ_table([{**LIVER, "min_volume_ml": 400, "max_volume_ml": 3000, "places": ["above the pelvis"]}])
    assert (liver.max_volume_ml, liver.places) == (3000.0, ("above the pelvis",))
    with pytest.raises(InputError, match="the max_volume_ml of 'liver' must be a finite number of at least 400"):
        organ_table([{**LIVER, "min_volume_ml": 400, "max_volume_ml": 300}])
    with pytest.raises(InputError, match="the places of 'liver' must be one of lung, below the diaphragm"):
        organ_table([{**LIVER, "places": ["in the head"]}])
    assert not organ_table([LIVER])[1].many_parts


TABLE = organ_table([{**LIVER, "synthetic": [1], "totalsegmentator_v2": [5]}, LUNG])


def test_protocol_of_the_classes() -> None:
    protocol = organ_protocol(TABLE, "classes")
    assert protocol.to_classes(np.arange(3)).tolist() == [0, 1, 2]
    with pytest.raises(InputError, match=r"unknown label 3: 'classes' has 3 labels from 0 to 2; .*label_numbers"):
        protocol.to_classes(np.arange(4))


@pytest.mark.situation(
    "A CT label map of TotalSegmentator with a number beyond its 117 classes",
    "refused, naming the file, the number and the numberings to choose from",
)
def test_numbers_of_totalsegmentator_end_at_117() -> None:
    protocol = organ_protocol(TABLE, "totalsegmentator_v2")
    expected = [0] * 118
    expected[5], expected[12], expected[14] = 1, 2, 2
    assert protocol.to_classes(np.arange(118)).tolist() == expected
    cure = r"choose another label_numbers \(classes, hospital, synthetic, totalsegmentator_v2\)\.$"
    with pytest.raises(InputError, match=rf"^s1\.nii\.gz: unknown label 118: .* 118 labels from 0 to 117; .*{cure}"):
        protocol.to_classes(np.array([5, 118]), "s1.nii.gz")


def test_numbers_of_synthetic_scans_are_those_of_their_structures() -> None:
    protocol = organ_protocol(TABLE, "synthetic")
    assert protocol.to_classes(np.arange(len(SYNTHETIC_STRUCTURES))).tolist() == [0, 1, *[0] * 34]
    with pytest.raises(InputError, match="unknown label 36"):
        protocol.to_classes(np.array([len(SYNTHETIC_STRUCTURES)]))


def test_further_numbers_of_ones_own_numbering_are_background() -> None:
    assert organ_protocol(TABLE, "hospital").to_classes(np.array([0, 3, 2, 4000])).tolist() == [0, 2, 0, 0]


def test_numbering_that_no_organ_has() -> None:
    with pytest.raises(
        InputError, match=r"label_numbers must be 'classes' or .*\(hospital, synthetic, totalsegm.*'aseg'"
    ):
        organ_protocol(TABLE, "aseg")
