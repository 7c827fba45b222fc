"""Reports in a browser: from the disk, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel
import numpy as np
import pytest
from support.browser import opened, pixels
from support.report_cases import AFFINE, brain_scan, write_brain_page

from monai_scse.reports import CohortCase, cohort_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.long

READY = "document.getElementById('location').textContent !== 'Loading the scan'"
NAME, PLACE, CANVAS = "#location", "#position", "#canvas"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    scan = tmp_path / "t1.nii.gz"
    nibabel.save(nibabel.Nifti1Image(brain_scan(), AFFINE), scan)
    write_brain_page(tmp_path / "case_report.html", scan)
    return tmp_path / "case_report.html"


@pytest.fixture
def page(report: Path) -> Iterator[Page]:
    with opened(report, viewport={"width": 900, "height": 700}) as (page, complaints):
        page.wait_for_function(READY)
        yield page
    assert not complaints


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    """Whether pixels have the hue of a colour, which lies over grey."""
    tint = np.subtract(colour, np.mean(colour))
    seen = picture - picture.mean(axis=-1, keepdims=True)
    along = seen @ tint / np.linalg.norm(tint)
    return bool((along > 0.9 * np.linalg.norm(seen, axis=-1).clip(30)).sum() > 20)


CORTEX, VENTRICLE = (205, 62, 78), (120, 18, 134)


def test_viewer_draws_scan_and_structures(page: Page) -> None:
    picture = pixels(page, CANVAS)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50
    assert has_colour(picture, CORTEX)


def test_click_on_a_name_moves_there(page: Page) -> None:
    before = page.text_content(PLACE)
    for index, name, place in ((5, "brainstem", "R 1  P 3  I 16 mm"), (1, "left cerebral cortex", "L 6  P 10  S 2 mm")):
        page.click(f"[data-index='{index}'] .go")
        assert page.text_content(NAME) == name
        assert page.text_content(PLACE) == place != before
        assert page.get_attribute(f"[data-index='{index}']", "class") == "here"


def test_click_into_the_scan_names_the_structure(page: Page) -> None:
    page.click("[data-index='1'] .go")
    page.click("[data-view='0']")  # the axial slice alone, its middle is the middle of the scan
    box = page.locator(CANVAS).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 5, box["y"] + 5)
    assert page.text_content(NAME) == "no structure"
    page.click("[data-index='2'] .go")
    assert page.text_content(NAME) == "right cerebral cortex"


def test_structures_go_and_come_back(page: Page) -> None:
    page.click("[data-view='0']")
    page.click("[data-index='3'] .go")
    page.wait_for_timeout(500)
    first = pixels(page, CANVAS)
    assert has_colour(first, VENTRICLE)
    page.uncheck("[data-index='3'] input")
    page.uncheck("[data-index='4'] input")
    page.wait_for_timeout(500)
    without = pixels(page, CANVAS)
    assert not has_colour(without, VENTRICLE)
    assert has_colour(without, CORTEX)
    page.click("#none")
    page.wait_for_timeout(500)
    assert not has_colour(pixels(page, CANVAS), CORTEX)
    page.click("#all")
    page.wait_for_timeout(500)
    np.testing.assert_array_equal(pixels(page, CANVAS), first)


def test_opacity(page: Page) -> None:
    page.click("[data-view='0']")
    assert has_colour(pixels(page, CANVAS), CORTEX)
    page.fill("#opacity", "0")
    page.wait_for_timeout(500)
    assert not has_colour(pixels(page, CANVAS), CORTEX)


def test_narrow_page_does_not_scroll_sideways(report: Path) -> None:
    with opened(report, viewport={"width": 390, "height": 800}) as (page, _):
        page.wait_for_function(READY)
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_print_has_tables_and_no_viewer(report: Path) -> None:
    with opened(report) as (page, _):
        page.wait_for_function(READY)
        page.emulate_media(media="print")
        assert not page.locator("#viewer").is_visible()
        assert page.locator("table.volumes").is_visible()


def test_cohort_sorts_and_finds(tmp_path: Path) -> None:
    def case(name: str, voxels: int, qc: str) -> CohortCase:
        row = {"structure": "liver", "voxels": voxels, "volume_mm3": voxels, "confidence": voxels / 100, "qc": qc}
        return CohortCase(name, [row], "./a.html")

    cases = [case(f"case {number}", 10 + number, "small" if number == 7 else "") for number in range(12)]
    (tmp_path / "report.html").write_bytes(cohort_page(cases))
    with opened(tmp_path / "report.html") as (page, complaints):
        shown = "#cases tbody tr:visible th"
        assert page.locator(shown).first.text_content() == "case 7"
        page.click("text=Confidence")
        assert page.locator(shown).first.text_content() == "case 11"
        page.click("text=Confidence")
        assert page.locator(shown).first.text_content() == "case 0"
        page.click("#cases .sort >> text=Case")
        assert [page.locator(shown).nth(place).text_content() for place in (1, 2, 10)] == [
            "case 1",
            "case 2",
            "case 10",
        ]
        page.fill("#find", "small")
        assert page.locator(shown).all_text_contents() == ["case 7"]
    assert not complaints
