"""Values of configs and command lines, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_scse.inferers import ArgmaxSliceInferer
from monai_scse.runtime import InputError
from monai_scse.runtime.arguments import check_number, check_range, check_whole, path_of


@pytest.mark.parametrize(("word", "meant"), [("false", False), ("true", True), (False, False), ("no", False)])
def test_word_in_place_of_a_boolean(word, meant):
    assert ArgmaxSliceInferer(confidence=word).confidence is meant


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2.1, 0, "1", True, None])
def test_number_out_of_its_range(value):
    check_number("size", 2, 0, 2, above=True)
    with pytest.raises(InputError, match=r"size must be a finite number above 0 and of at most 2, got"):
        check_number("size", value, 0, 2, above=True)


@pytest.mark.parametrize("value", [1.0, "1", True, None, 0, 4])
def test_whole_number_out_of_its_range(value):
    check_whole("count", 3, 1, 3)
    with pytest.raises(InputError, match="count must be a whole number from 1 to 3, got"):
        check_whole("count", value, 1, 3)


@pytest.mark.parametrize("value", [(2, 1), (1,), "12", [0, float("nan")]])
def test_range_of_other_numbers(value):
    check_range("window", (1, 1))
    with pytest.raises(InputError, match="window must"):
        check_range("window", value)


def test_folder_whose_name_is_a_number():
    assert path_of("output_dir", 2024) == Path("2024")


@pytest.mark.parametrize("value", [None, "", True, ["out"]])
def test_what_is_no_path(value):
    with pytest.raises(InputError, match="output_dir must be a path, got"):
        path_of("output_dir", value)
