"""The page made of hand-made results."""

from __future__ import annotations

import re
import shutil

import matplotlib.image
import pandas as pd
import pytest
from support.hand_made_results import write_results

from experiments.__main__ import main
from monai_scse.runtime import InputError


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of two settings."""
    tmp_path = tmp_path_factory.mktemp("report")
    for name in ("short", "long"):
        write_results(tmp_path / name / "results")
    results = [str(tmp_path / name / "results") for name in ("short", "long")]
    assert main(["report", "--results", *results, "--output", str(tmp_path / "results/recalibration.md")]) == 0
    return tmp_path / "results/recalibration.md"


def test_page_tells_the_measured_numbers(page):
    text = page.read_text()
    for name in ("short", "long"):
        row = f"| [{name}](recalibration/{name}/README.md) | U-Net scSE | 0.700 | 0.850 | +0.1500 |"
        assert row in text
    text = (page.with_suffix("") / "short/README.md").read_text()
    assert "| U-Net | 0.700 ± 0.129 | 0.850 ± 0.129 |" in text
    assert "| U-Net scSE | 1,016 | 16 | 1.60 % |" in text
    assert "6 minutes of training altogether, 1.5 to 1.5 each of 4" in text


@pytest.mark.parametrize("name", ["recalibration.md", "recalibration/short/README.md"])
def test_page_links_only_files_that_are_beside_it(page, name):
    file = page.parent / name
    links = re.findall(r"\]\((.*?)\)", file.read_text())
    assert len(links) >= 2
    assert [link for link in links if not (file.parent / link).is_file()] == []


def test_pictures_are_not_blank(page):
    for name in ("boxplot_unet.png", "training.png"):
        assert matplotlib.image.imread(page.with_suffix("") / "short" / name).std() > 0.05


def test_derived_tables_are_files(page):
    comparisons = pd.read_csv(page.with_suffix("") / "short/comparisons.csv")
    assert comparisons["gain"].tolist() == pytest.approx([0.15, 0.15])


def test_copies_beside_the_page_make_the_same_page(page):
    before = page.read_text()
    page.unlink()
    copies = [str(page.with_suffix("") / name) for name in ("short", "long")]
    assert main(["report", "--results", *copies, "--output", str(page)]) == 0
    assert page.read_text() == before


def test_picture_of_a_scan_is_shown_where_it_lies_beside_the_raw_files(page, tmp_path):
    shutil.copytree(page.with_suffix(""), tmp_path / "results")
    (tmp_path / "results/long/qualitative_unet.png").touch()
    copies = [str(tmp_path / "results" / name) for name in ("short", "long")]
    assert main(["report", "--results", *copies, "--output", str(tmp_path / "results.md")]) == 0
    links = re.findall(r"\]\((.*?)\)", (tmp_path / "results/long/README.md").read_text())
    assert [link for link in links if "qualitative" in link] == ["qualitative_unet.png"]
    assert "qualitative" not in (tmp_path / "results/short/README.md").read_text()


def test_missing_results_are_told_and_leave_no_page(tmp_path):
    write_results(tmp_path / "some")
    (tmp_path / "some/dice.csv").unlink()
    for folder in ("none", "some"):
        with pytest.raises(InputError, match=f"^{tmp_path / folder}"):
            main(["report", "--results", str(tmp_path / folder), "--output", str(tmp_path / "page.md")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["some"]
