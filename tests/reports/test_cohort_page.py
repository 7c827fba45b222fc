"""The page of a folder of results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.report_cases import BRAIN, brain_prediction

from monai_scse.reports import CohortCase, cohort_page, volume_table, write_cohort_page
from monai_scse.reports.strip_plot import strip_plot
from monai_scse.runtime import CaseTables


def rows(flags: Mapping[int, str] | None = None, scale: float = 1.0, **sureness: float) -> list[dict]:
    table = volume_table(brain_prediction(qc=flags or {}), BRAIN)
    return [{**row, "volume_mm3": row["volume_mm3"] * scale, **sureness} for row in table]


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*data-value="([^"]*)"', page)


def test_flagged_cases_come_first_then_the_least_sure() -> None:
    cases = [
        CohortCase("sure", rows(confidence=0.95)),
        CohortCase("one flag", rows({5: "small"})),
        CohortCase("less sure", rows(confidence=0.8)),
        CohortCase("two flags", rows({4: "small", 5: "cut"})),
    ]
    page = cohort_page(cases).decode()
    assert names(page) == ["two flags", "one flag", "less sure", "sure"]
    assert "right lateral ventricle: small; brainstem: cut" in page
    assert "2 cases have flagged structures" in page


def test_folder_of_several_processes(tmp_path: Path) -> None:
    for case, scale in (("b c", 2), ("a", 1)):
        CaseTables(tmp_path, "volumes").write(case, rows(scale=scale))
    (tmp_path / "b c_report.html").touch()
    reason = {"file": "/home/jane/d.nii", "reason": "see /home/jane/d.nii", "cure": "copy it again."}
    CaseTables(tmp_path, "failure").write("d", [reason])
    written = write_cohort_page(tmp_path)
    assert written == tmp_path / "report.html"
    page = written.read_text(encoding="utf-8")
    assert names(page) == ["a", "b c"]
    assert '<a href="./b%20c_report.html">b c</a>' in page
    assert "a_report.html" not in page
    assert "<strong>d</strong>: see d.nii. Copy it again." in page
    assert "jane" not in page
    assert re.findall(r'data-value="[\d.]+">(\d+)</td>', page).count("7") == 1  # brain of 7.44 ml beside 3.72 ml
    assert "http" not in page.replace("http-equiv", "")


def test_empty_folder(tmp_path: Path) -> None:
    page = write_cohort_page(tmp_path).read_text(encoding="utf-8")
    assert "0 cases" in page
    assert "<table" not in page


def test_names_are_escaped() -> None:
    page = cohort_page(
        [CohortCase("<b>\udcff", rows({1: "<i>"})), CohortCase("c", rows())],
        [{"case": "<u>", "reason": "<s>", "cure": ""}],
    ).decode()
    assert not re.findall("<[bius]>", page)
    assert page.count("&lt;b&gt;") >= 2


def test_no_column_for_what_no_case_has() -> None:
    organs = [{"structure": "liver", "voxels": "3", "volume_mm3": "3000.0", "qc": ""}]
    page = cohort_page([CohortCase("ct", organs)]).decode()
    assert "Brain, ml" not in page
    assert "Confidence" not in page
    assert "Agreement" in cohort_page([CohortCase("mr", rows())]).decode()


def test_plot_by_hand() -> None:
    plot = strip_plot("liver", [("a", "", 10.0, False), ("b", "b.html", 20.0, True), ("c", "", 30.0, False)])
    assert (plot.low, plot.high, plot.quartiles) == (10, 30, (15, 20, 25))
    assert [(point.case, point.x, point.flagged) for point in plot.points] == [
        ("a", 6, False),
        ("c", 314, False),
        ("b", 160, True),
    ]
    assert plot.places == (83, 160, 237)


def test_points_of_one_value_do_not_hide_each_other() -> None:
    plot = strip_plot("liver", [(str(case), "", 5.0, False) for case in range(4)])
    assert len({(point.x, point.y) for point in plot.points}) == 4


@pytest.mark.parametrize(
    ("value", "flagged", "shown"), [(500.0, False, True), (90.0, False, False), (90.0, True, True)]
)
def test_large_cohort_shows_outliers_and_flags(value: float, flagged: bool, shown: bool) -> None:
    usual = [(f"usual{case}", "", 80.0 + case % 40, False) for case in range(300)]
    plot = strip_plot("liver", [*usual, ("it", "", value, flagged)])
    assert [point.case for point in plot.points] == (["it"] if shown else [])
