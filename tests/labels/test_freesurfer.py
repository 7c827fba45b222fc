"""FreeSurfer's numbers, read and written."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.labels import (
    NUMBERINGS,
    Structure,
    freesurfer_structure,
    label_protocol,
    output_numbers,
    structure_table,
)
from monai_scse.runtime import InputError

FREESURFER = label_protocol("freesurfer", BRAIN_STRUCTURES)
NAMES = [structure.name for structure in BRAIN_STRUCTURES]


def read(*numbers: int) -> list[str]:
    return [NAMES[index] for index in FREESURFER.to_classes(np.array(numbers))]


def test_aseg_numbers_of_all_structures():
    expected = [
        0,
        2,
        3,
        41,
        42,
        4,
        7,
        8,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
        18,
        28,
        43,
        46,
        47,
        49,
        50,
        51,
        52,
        53,
        54,
        60,
    ]
    assert output_numbers("freesurfer", BRAIN_STRUCTURES) == expected


def test_what_is_written_is_read_back():
    numbers = np.array(output_numbers("freesurfer", BRAIN_STRUCTURES))
    assert FREESURFER.to_classes(numbers).tolist() == list(range(28))


def test_classes_are_written_as_they_are():
    assert output_numbers("classes", BRAIN_STRUCTURES) == list(range(28))


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (1000, 2000, "cerebral cortex"),  # unknown, Desikan-Killiany
        (1035, 2035, "cerebral cortex"),  # insula
        (1181, 2181, "cerebral cortex"),
        (11100, 12100, "cerebral cortex"),  # unknown, Destrieux
        (11175, 12175, "cerebral cortex"),
        (3000, 4000, "cerebral white matter"),
        (14175 - 1000, 14175, "cerebral white matter"),
        (5001, 5002, "cerebral white matter"),
        (78, 79, "cerebral white matter"),
        (25, 57, "cerebral white matter"),
        (31, 63, "lateral ventricle"),  # choroid plexus
        (9, 48, "thalamus"),
    ],
)
def test_parts_of_a_structure(left, right, kind):
    assert read(left, right) == [f"left {kind}", f"right {kind}"]


@pytest.mark.parametrize("number", [0, 5, 44, 24, 26, 58, 72, 80, 85, 30, 62, 530])
def test_what_the_27_structures_lack_is_background(number):
    assert read(number) == ["background"]


@pytest.mark.situation(
    "A FreeSurfer map with corpus callosum or hypointensities, which have no side",
    "they are white matter of the nearer side",
)
@pytest.mark.parametrize("number", [77, 99, 192, 250, 251, 252, 253, 254, 255])
def test_white_matter_without_a_side_belongs_to_the_nearer(number):
    row = np.array([2, number, number, number, number, number, 41, 0, 0, number])
    left, right = NAMES.index("left cerebral white matter"), NAMES.index("right cerebral white matter")
    classes = FREESURFER.to_classes(row)
    assert classes[[0, 1, 2, 4, 5, 6, 9]].tolist() == [left, left, left, right, right, right, right]
    assert classes[3] in (left, right)


def test_nearer_is_meant_in_space():
    plane = np.zeros((5, 5, 5), dtype=np.int32)
    plane[0, 0, 0], plane[4, 4, 4], plane[0, 4, 3], plane[3, 0, 1] = 2, 41, 251, 252
    classes = FREESURFER.to_classes(plane)
    assert NAMES[classes[0, 4, 3]] == "right cerebral white matter"  # 4.1 voxels, from the left one 5
    assert NAMES[classes[3, 0, 1]] == "left cerebral white matter"


@pytest.mark.situation(
    "A FreeSurfer map of the corpus callosum alone, which has no side", "refused, naming the file and the cure"
)
def test_no_side_at_all_is_refused():
    with pytest.raises(InputError, match=r"^cc\.mgz: label 251 has no side, and the map has no left .*; label these"):
        FREESURFER.to_classes(np.array([0, 251, 3]), "cc.mgz")


@pytest.mark.parametrize("number", [19, 20, 100, 207, 601, 999, 1036, 2182, 5003, 8103, 11176, 14176, 20000])
def test_unknown_numbers_are_refused(number):
    with pytest.raises(InputError, match=rf"^thalamus\.nii: unknown label {number}: 'freesurfer' has .*; correct"):
        FREESURFER.to_classes(np.array([2, number]), "thalamus.nii")


@pytest.mark.situation("A FreeSurfer map read as Neuromorphometrics, or the reverse", "refused, naming label_protocol")
@pytest.mark.parametrize(
    ("protocol", "number"), [("neuromorphometrics", 251), ("neuromorphometrics", 77), ("freesurfer", 103)]
)
def test_numbers_of_another_protocol_are_refused(protocol, number):
    with pytest.raises(InputError, match=r"choose another label_protocol"):
        label_protocol(protocol, BRAIN_STRUCTURES).to_classes(np.array([2, 41, number]))


@pytest.mark.situation(
    "A label map of another protocol whose numbers the one that is asked for has too, as SynthSeg's",
    "refused, naming the protocol that fits",
)
@pytest.mark.parametrize("fits", ["classes", "freesurfer"])
def test_a_map_of_another_protocol_is_refused(fits):
    numbers = np.array(output_numbers(fits, BRAIN_STRUCTURES))
    with pytest.raises(InputError, match=rf"^a\.nii: a map of '{fits}', in which .*; set label_protocol to {fits}\.$"):
        label_protocol("neuromorphometrics", BRAIN_STRUCTURES).to_classes(numbers, "a.nii")


def test_a_map_of_few_structures_is_read_as_it_is_asked_for():
    numbers = np.array([0, 47, 48, 31, 32])
    classes = label_protocol("neuromorphometrics", BRAIN_STRUCTURES).to_classes(numbers)
    kinds = ["background", "right hippocampus", "left hippocampus", "right amygdala", "left amygdala"]
    assert [NAMES[index] for index in classes] == kinds


def test_a_table_with_one_side_leaves_what_has_none():
    table = structure_table([{"name": "left cerebral white matter", "colour": [1, 2, 3]}])
    assert label_protocol("freesurfer", table).to_classes(np.array([2, 251, 41])).tolist() == [1, 0, 0]


def test_names_of_the_colour_table():
    assert freesurfer_structure("background") == (0, "Unknown")
    assert freesurfer_structure("brainstem") == (16, "Brain-Stem")
    assert freesurfer_structure("right ventral DC") == (60, "Right-VentralDC")
    assert freesurfer_structure("left cerebellum white matter") == (7, "Left-Cerebellum-White-Matter")


def test_structures_of_others_have_no_number():
    with pytest.raises(InputError, match="'freesurfer' has no number for liver; take a name"):
        output_numbers("freesurfer", [Structure("background", (0, 0, 0)), Structure("liver", (1, 2, 3))])


def test_unknown_output_labels_name_the_known_ones():
    with pytest.raises(InputError, match=r"output_labels must be one of classes, freesurfer, got 'aseg'"):
        output_numbers("aseg", BRAIN_STRUCTURES)


def test_all_names_are_structures_of_the_bundle_or_have_no_side():
    assert set(NUMBERINGS["freesurfer"].values()) == {*NAMES[1:], "", "cerebral white matter"}


def test_synthseg_maps_equal_the_table_of_the_data(synthseg_maps: Path):
    with (synthseg_maps / "structures27_mapping.csv").open(newline="") as stream:
        table = {int(row["label"]): int(row["class_index"]) for row in csv.DictReader(stream)}
    assert {number: FREESURFER.class_of_label[number] for number in table} == table
    numbers = np.asarray(nibabel.load(synthseg_maps / "training_seg_01.nii.gz").dataobj)[60:200:3, 60:200:3, 60:200:3]
    classes = FREESURFER.to_classes(numbers)
    assert all((classes[numbers == number] == index).all() for number, index in table.items())
    assert set(np.unique(classes)) == set(range(28))
