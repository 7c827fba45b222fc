"""Which cases train and test, and which combinations are trained."""

from __future__ import annotations

import json

import pytest

from experiments.combinations import ARCHITECTURES, select_combinations
from experiments.splits import Split, k_folds, read_splits
from monai_scse.runtime import InputError

CASES = ["1000", "1001", "1002", "1006", "1007"]


def test_folds_test_every_case_once_and_never_train_on_it():
    folds = k_folds(CASES, 3)
    assert sorted(case for fold in folds for case in fold.test) == CASES
    assert all(sorted(fold.train + fold.test) == CASES for fold in folds)
    assert [len(fold.test) for fold in folds] == [2, 2, 1]


@pytest.mark.parametrize("folds", ["0", "1", "6"])
def test_impossible_numbers_of_folds_are_refused(folds):
    with pytest.raises(InputError, match="from 2 to 5"):
        read_splits(folds, CASES)


def test_split_file_in_json_and_yaml(tmp_path):
    content = {"fixed": {"train": [1000, 1001], "validation": [1002], "test": [1006]}}
    (tmp_path / "split.json").write_text(json.dumps(content))
    (tmp_path / "split.yaml").write_text("fixed:\n  train: [1000, 1001]\n  validation: [1002]\n  test: [1006]\n")
    expected = [Split("fixed", train=("1000", "1001"), test=("1006",), validation=("1002",))]
    assert read_splits(str(tmp_path / "split.json"), CASES) == expected
    assert read_splits(str(tmp_path / "split.yaml"), CASES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fixed: {train: [1000], test: [1000]}", "1000 more than once"),
        ("fixed: {train: [1000], test: [9]}", "9, not among the cases"),
        ("fixed: {train: [1000]}", "must hold the lists train and test"),
        ("fixed: {train: [], test: [1000]}", "needs cases to train on"),
        ("[1000]", "must hold splits"),
        ("fixed: {", "not a JSON or YAML file"),
    ],
)
def test_split_files_that_cannot_be_right_are_refused_in_one_line(tmp_path, text, message):
    (tmp_path / "split.yaml").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_splits(str(tmp_path / "split.yaml"), CASES)
    assert "split.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_split_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_splits(str(tmp_path / "none.yaml"), CASES)


def test_table_has_four_columns_and_the_maximum_is_beyond_it():
    table = [each.name for each in select_combinations()]
    beyond = [each.name for each in select_combinations([f"{name}_scse_max" for name in ARCHITECTURES])]
    assert (len(table), len(beyond)) == (12, 3)
    assert not set(table) & set(beyond)
    assert [each.name for each in select_combinations(["unet"])] == ["unet_none", "unet_cse", "unet_sse", "unet_scse"]


def test_unknown_combination_is_refused():
    with pytest.raises(InputError, match="--only vnet"):
        select_combinations(["unet", "vnet"])
