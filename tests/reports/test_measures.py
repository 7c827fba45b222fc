"""Numbers of a report, by hand."""

from __future__ import annotations

import math

import pytest
from support.report_cases import BRAIN, brain_prediction

from monai_scse.reports import asymmetry, brain_volume_ml, volume_table
from monai_scse.reports.measures import flags_in_words, is_brain, mean_of, measure_structures

ROWS = volume_table(brain_prediction(), BRAIN)


@pytest.mark.parametrize(
    ("left", "right", "expected"), [(3, 1, 1.0), (1, 3, -1.0), (110, 90, 0.2), (5, 5, 0.0), (0, 4, math.nan)]
)
def test_asymmetry(left: float, right: float, expected: float) -> None:
    assert asymmetry(left, right) == pytest.approx(expected, nan_ok=True)


def test_pairs_share_a_line() -> None:
    cortex, ventricle, stem = measure_structures(ROWS)
    assert [measure.name for measure in (cortex, ventricle, stem)] == [
        "cerebral cortex",
        "lateral ventricle",
        "brainstem",
    ]
    assert cortex.volume_mm3 == 2 * 1800
    assert cortex.asymmetry == pytest.approx(200 / 900)
    assert ventricle.asymmetry == pytest.approx(-8 / 100)
    assert math.isnan(stem.asymmetry)
    assert [row["structure"] for row in cortex.rows] == ["left cerebral cortex", "right cerebral cortex"]


def test_structure_of_one_side_only_has_a_line_of_its_own() -> None:
    (alone,) = measure_structures(ROWS[:1])
    assert (alone.name, alone.middle) == ("left cerebral cortex", ROWS[0])


def test_ventricles_are_no_brain_tissue() -> None:
    assert brain_volume_ml(ROWS) == pytest.approx(2 * (1000 + 800 + 60) / 1000)
    assert brain_volume_ml([{"structure": "liver", "volume_mm3": "5"}]) != 5
    assert not is_brain(["liver", "spleen"])


def test_mean_leaves_out_what_is_not_known() -> None:
    rows = [{"confidence": "0.5"}, {"confidence": ""}, {"confidence": math.nan}, {"confidence": 0.7}, {}]
    assert mean_of(rows, "confidence") == pytest.approx(0.6)
    assert math.isnan(mean_of(rows, "agreement"))


def test_flags_of_one_reason_are_one_sentence() -> None:
    rows = [{"structure": name, "qc": why} for name, why in (("a", "small"), ("b", ""), ("c", "small"), ("d", "cut"))]
    assert flags_in_words(rows) == {"a, c": "small", "d": "cut"}
    assert flags_in_words([{**row, "qc": "cut"} for row in rows]) == {"all structures": "cut"}
