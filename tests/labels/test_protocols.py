"""The label protocols against the mapping that comes with the data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.labels import NUMBERINGS, LabelProtocol, Structure, label_protocol, structure_table
from monai_scse.runtime import InputError

NEUROMORPHOMETRICS = label_protocol("neuromorphometrics", BRAIN_STRUCTURES)


def test_mapping_equals_the_table_of_the_data(malc2012: Path) -> None:
    with (malc2012 / "structures27_mapping.csv").open(newline="") as stream:
        expected = {int(row["label_number"]): int(row["class_index"]) for row in csv.DictReader(stream)}
    assert dict(NEUROMORPHOMETRICS.class_of_label) == expected


def test_classes_keep_the_order_and_the_side_of_the_data(malc2012: Path) -> None:
    with (malc2012 / "structures27_classes.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["class_index"]) for row in rows] == list(range(len(BRAIN_STRUCTURES)))
    for row, structure in zip(rows, BRAIN_STRUCTURES, strict=True):
        words = row["class_name"].lower().split()
        for side in ("left", "right"):
            assert (side in words) == (side in structure.name.split())


@pytest.mark.parametrize("label", range(100, 208))
def test_even_cortical_labels_are_right_and_odd_ones_left(label: int) -> None:
    name = BRAIN_STRUCTURES[int(NEUROMORPHOMETRICS.to_classes(np.array(label)))].name
    assert name == ("right cerebral cortex" if label % 2 == 0 else "left cerebral cortex")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        (0, "background"),
        (4, "3rd ventricle"),
        (11, "4th ventricle"),
        (35, "brainstem"),
        (44, "right cerebral white matter"),
        (45, "left cerebral white matter"),
        (47, "right hippocampus"),
        (48, "left hippocampus"),
        (49, "background"),  # inferior lateral ventricles
        (50, "background"),
        (61, "right ventral DC"),
        (62, "left ventral DC"),
    ],
)
def test_single_labels(label: int, name: str) -> None:
    assert BRAIN_STRUCTURES[int(NEUROMORPHOMETRICS.to_classes(np.array(label)))].name == name


def test_every_structure_has_a_label() -> None:
    assert set(NEUROMORPHOMETRICS.class_of_label.values()) == set(range(28))


def test_structures_are_27_and_background_first() -> None:
    assert len(BRAIN_STRUCTURES) == 28
    assert BRAIN_STRUCTURES[0] == Structure("background", (0, 0, 0))


def test_names_are_unique_in_lower_case() -> None:
    names = [structure.name.lower() for structure in BRAIN_STRUCTURES]
    assert len(set(names)) == len(names)


def test_pairs_have_the_same_colour_and_others_do_not_share_theirs() -> None:
    colours = {structure.name: structure.colour for structure in BRAIN_STRUCTURES}
    left = [name.removeprefix("left ") for name in colours if name.startswith("left ")]
    right = [name.removeprefix("right ") for name in colours if name.startswith("right ")]
    assert sorted(left) == sorted(right)
    assert len(left) == 12
    assert all(colours[f"left {name}"] == colours[f"right {name}"] for name in left)
    assert len(set(colours.values())) == 28 - 12
    assert all(0 <= value <= 255 for colour in colours.values() for value in colour)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, np.uint16, np.float32, np.float64])
def test_to_classes_keeps_the_shape_and_gives_uint8(dtype: type) -> None:
    labels = np.array([[0, 45, 101], [48, 206, 4]]).astype(dtype)
    classes = NEUROMORPHOMETRICS.to_classes(labels)
    assert classes.dtype == np.uint8
    assert classes.tolist() == [[0, 1, 2], [15, 4, 12]]


def test_to_classes_equals_a_slow_loop() -> None:
    labels = np.random.default_rng(0).choice(list(NEUROMORPHOMETRICS.class_of_label), size=(5, 6, 7))
    expected = [NEUROMORPHOMETRICS.class_of_label[label] for label in labels.ravel()]
    assert NEUROMORPHOMETRICS.to_classes(labels).ravel().tolist() == expected


@pytest.mark.situation(
    "A brain label map with numbers of another protocol, or negative ones",
    "refused, naming the file, the numbers and label_protocol",
)
@pytest.mark.parametrize(("value", "shown"), [(-1, "-1"), (77, "77"), (95, "95"), (208, "208"), (1000, "1000")])
def test_unknown_label_names_file_and_number(value: float, shown: str) -> None:
    with pytest.raises(InputError, match=rf"^scan_7\.nii\.gz: unknown label {shown}: 'neuromorphometrics'.*; correct"):
        NEUROMORPHOMETRICS.to_classes(np.array([0, value, 45]), "scan_7.nii.gz")


@pytest.mark.situation(
    "A label map that was scaled, or resampled by interpolation: 0.37, 2.5",
    "refused, naming the file, the values and nearest neighbours",
)
@pytest.mark.parametrize("value", [2.5, -0.5, 45.01, 0.99999, np.nan, np.inf, -np.inf])
def test_value_that_is_no_whole_number_names_file_and_value(value: float) -> None:
    with pytest.raises(InputError, match=rf"^a\.mgz: value {value:g} is no label, .*; .* nearest neighbours\.$"):
        NEUROMORPHOMETRICS.to_classes(np.array([0, value, 45]), "a.mgz")


@pytest.mark.situation("A label map stored with a slope, off by the rounding of float32", "read as whole numbers")
def test_whole_numbers_up_to_the_rounding_of_stored_floats() -> None:
    labels = np.array([0, 45, 101, 48], dtype=np.float32) / np.float32(7) * np.float32(7.0000005)
    assert not np.array_equal(labels, np.rint(labels))
    assert NEUROMORPHOMETRICS.to_classes(labels).tolist() == [0, 1, 2, 15]


def test_many_unknown_labels_are_told_once_each_and_at_most_eight() -> None:
    labels = np.array([*range(1000, 1020), *range(1000, 1020), 0])
    expected = ", ".join(str(label) for label in range(1000, 1008))
    with pytest.raises(InputError, match=rf"unknown label {expected}, \.\.\.: "):
        NEUROMORPHOMETRICS.to_classes(labels)


@pytest.mark.situation("A scan where its label map should be", "refused as an image, naming the file")
def test_an_image_in_place_of_labels() -> None:
    scan = np.arange(-1024, 1000).reshape(8, 253)
    with pytest.raises(InputError, match=r"^ct\.nii: 1822 unknown values from -1024 to 999, as of an image; give its"):
        NEUROMORPHOMETRICS.to_classes(scan, "ct.nii")


def test_large_maps_equal_small_ones() -> None:
    labels = np.zeros(5_000_000, np.uint8)
    labels[-3:] = 45, 101, 48
    assert NEUROMORPHOMETRICS.to_classes(labels.reshape(1000, 5000))[-1, -4:].tolist() == [0, 1, 2, 15]


def test_classes_are_read_as_they_are() -> None:
    protocol = label_protocol("classes", BRAIN_STRUCTURES)
    assert protocol.to_classes(np.arange(28)).tolist() == list(range(28))
    with pytest.raises(InputError, match="unknown label 28"):
        protocol.to_classes(np.array([28]))


def test_numbers_of_structures_that_a_table_lacks_are_background() -> None:
    table = structure_table([{"name": name, "colour": [1, 2, 3]} for name in ("brainstem", "left cerebral cortex")])
    classes = label_protocol("neuromorphometrics", table).to_classes(np.array([0, 35, 45, 100, 101, 207]))
    assert classes.tolist() == [0, 1, 0, 0, 2, 2]


def test_structure_without_number_is_refused() -> None:
    table = structure_table([{"name": "left insula", "colour": [1, 2, 3]}])
    with pytest.raises(InputError, match="structures: 'neuromorphometrics' has no number for left insula; take a name"):
        label_protocol("neuromorphometrics", table)


def test_protocols_are_found_by_their_own_name() -> None:
    assert all(label_protocol(name, BRAIN_STRUCTURES).name == name for name in NUMBERINGS)


def test_unknown_protocol_lists_the_known_ones() -> None:
    with pytest.raises(
        InputError, match=r"label_protocol must be one of neuromorphometrics, freesurfer, classes, got 'aseg'"
    ):
        label_protocol("aseg", BRAIN_STRUCTURES)


def test_protocol_of_a_user() -> None:
    structures = (Structure("background", (0, 0, 0)), Structure("liver", (221, 130, 101)))
    protocol = LabelProtocol("liver", structures, {0: 0, 58: 1})
    assert protocol.to_classes(np.array([58, 0])).tolist() == [1, 0]
    with pytest.raises(InputError, match="unknown label 57"):
        protocol.to_classes(np.array([57]))


def test_protocol_whose_further_numbers_are_background() -> None:
    structures = (Structure("background", (0, 0, 0)), Structure("liver", (221, 130, 101)))
    protocol = LabelProtocol("mine", structures, {0: 0, 58: 1}, others_are_background=True, choice="choose another")
    assert protocol.to_classes(np.array([58, 57, 59, 30000, 70000, 0])).tolist() == [1, 0, 0, 0, 0, 0]
    for value in (-1, 1.5):
        with pytest.raises(InputError):
            protocol.to_classes(np.array([value]))
