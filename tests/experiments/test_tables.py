"""Tables of hand-made results."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.hand_made_results import dice

from experiments.tables import comparison_table, dice_table, parameter_table, structure_table


def test_dice_table_averages_seeds_before_it_spreads():
    row = dice_table(dice()).loc["unet", "none"]
    assert row["mean"] == pytest.approx(0.7)
    assert row["std"] == pytest.approx(np.std([0.55, 0.65, 0.75, 0.85], ddof=1))
    assert row["std_subjects"] == pytest.approx(np.std([0.6, 0.8], ddof=1))
    assert row["std_seeds"] == pytest.approx(np.std([0.65, 0.75], ddof=1))
    assert (row["subjects"], row["seeds"]) == (2, 2)


def test_rows_are_in_the_order_of_the_paper():
    later = dice().assign(architecture="sdnet")
    table = dice_table(pd.concat([later, dice()[::-1]]))
    assert list(table.index) == [("unet", "none"), ("unet", "scse"), ("sdnet", "none"), ("sdnet", "scse")]


def test_comparison_tells_gain_spread_and_effect():
    table = comparison_table(dice()).set_index("unit")
    assert list(table["recal"] + table["than"]) == ["scsenone"] * 2
    assert table["gain"].tolist() == pytest.approx([0.15, 0.15])
    assert table["pairs"].to_dict() == {"subjects": 2, "structures and subjects": 4}
    assert table["effect_size"].tolist() == [1, 1]
    assert table.loc["structures and subjects", "p"] == pytest.approx(2 / 2**4)
    # the seeds gained 0.2 and 0.1: t quantile 12.7062 at one degree of freedom, standard error 0.05
    assert table["gain_low"].tolist() == pytest.approx([0.15 - 12.7062 * 0.05] * 2, abs=1e-5)


def test_comparison_uses_only_runs_that_both_have():
    unfinished = dice()
    unfinished = unfinished[~((unfinished["recal"] == "scse") & (unfinished["seed"] == 1))]
    table = comparison_table(unfinished)
    assert table["gain"].tolist() == pytest.approx([0.2, 0.2])
    assert table["seeds"].tolist() == [1, 1]


def test_structures_that_were_not_scored_are_left_out():
    some = dice()
    some.loc[some["case"] == "a", "dice"] = np.nan
    assert dice_table(some).loc[("unet", "none"), "mean"] == pytest.approx(0.8)
    assert comparison_table(some)["pairs"].tolist() == [1, 2]


def test_structure_table_has_a_column_a_network():
    table = structure_table(dice())
    assert list(table.index) == ["left thalamus", "right thalamus"]
    assert table["unet", "none"].tolist() == pytest.approx([0.65, 0.75])


def test_added_parameters_are_a_share_of_the_network_without_them():
    runs = pd.DataFrame({"architecture": "unet", "recal": ["scse"], "parameters": [1016], "se_parameters": [16]})
    assert parameter_table(runs).loc[("unet", "scse"), "added_percent"] == pytest.approx(1.6)
