"""What the page of a case says and what it does not."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.report_cases import AFFINE, BRAIN, brain_classes, brain_prediction, write_brain_page

from monai_scse.labels import Structure
from monai_scse.metrics import estimated_intracranial_volume
from monai_scse.reports import CasePage, volume_table

NIIVUE = (Path(__file__).parents[2] / "monai_scse/reports/static/niivue-0.69.0.umd.js").read_text()
LARGEST = 15_000_000  # bytes


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    folder = tmp_path / "jane_doe"
    folder.mkdir()
    (folder / "t1.nii").write_bytes(b"voxels")
    return folder / "t1.nii"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition('<script type="application/json"')[0]))


def data_of(page: str, name: str) -> str:
    return re.search(rf'<script type="[a-z/]+" id="{name}-data">(.*?)</script>', page, re.DOTALL)[1]


def volume_lines(page: str) -> dict[str, list[str]]:
    """The cells of each line of the table of volumes, by the first."""
    lines = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2].partition("</tbody>")[0], re.DOTALL)
    texts = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.split(r"</t[hd]>", line)[:-1]] for line in lines]
    return {first: cells for first, *cells in texts}


def test_table_of_volumes_shares_and_sides(tmp_path: Path, scan: Path) -> None:
    lines = volume_lines(write_brain_page(tmp_path / "case.html", scan))
    intracranial = estimated_intracranial_volume(brain_classes(), (1, 1, 2), BRAIN)
    share = [f"{100 * mm3 / intracranial:.2f}" for mm3 in (2000, 1600, 3600)]
    assert lines["cerebral cortex"] == ["2.00", "1.60", "3.60", *share, "+22.2", "0.95", "0.97", "0.94", "0.96"]
    assert lines["lateral ventricle"][6] == "\u22128.0"  # (96 - 104) / 100
    stem = lines["brainstem \u2691"]  # a flag
    assert stem == ["", "", "0.12", "", "", f"{100 * 120 / intracranial:.2f}", "", "0.61", "0.71"]


def test_each_line_has_the_colours_of_its_structures(tmp_path: Path, scan: Path) -> None:
    structures = [*BRAIN[:2], Structure("right cerebral cortex", (1, 2, 3)), *BRAIN[3:]]
    rows = volume_table(brain_prediction(), structures)
    path = tmp_path / "case.html"
    image = np.zeros((40, 48, 36), np.float32)
    CasePage(structures).write(path, "case", str(scan), image, brain_classes(), AFFINE, (0, 1), rows)
    body = path.read_text(encoding="utf-8").partition("<tbody>")[2].partition("</tbody>")[0]
    assert re.findall(r"rgb(\([^)]*\))", body) == [
        "(205, 62, 78)",
        "(1, 2, 3)",
        "(120, 18, 134)",
        "(119, 159, 176)",
    ]


def test_words_about_the_case(tmp_path: Path, scan: Path) -> None:
    words = text_of(write_brain_page(tmp_path / "case.html", scan))
    assert "1 of 5 structures is flagged brainstem : unsure: confidence 0.61, expected 0.75" in words
    assert (
        "expects 87 % of the voxels of a structure to be right on average, and least of the brainstem: 61 %." in words
    )
    assert "Total brain volume 4 ml" in words  # 2 (1000 + 800 + 60) mm3
    assert "Ventricles 0.4 ml" in words
    assert "40 x 48 x 36 voxels of 1 x 1 x 2 mm" in words.replace("\u00d7", "x")
    assert "Not a medical device." in words


def test_structures_at_the_edge_are_named(tmp_path: Path, scan: Path) -> None:
    rows = [{**row, "touches_border": row["index"] < 3} for row in volume_table(brain_prediction(), BRAIN)]
    words = text_of(write_brain_page(tmp_path / "case.html", scan, rows=rows))
    assert "may cut them off: left cerebral cortex, right cerebral cortex." in words


def test_case_without_flags(tmp_path: Path, scan: Path) -> None:
    rows = [{**row, "qc": ""} for row in volume_table(brain_prediction(), BRAIN)]
    assert "No structure is flagged" in text_of(write_brain_page(tmp_path / "case.html", scan, rows=rows))


def test_origin(tmp_path: Path, scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bundle/configs").mkdir(parents=True)
    (tmp_path / "bundle/docs").mkdir()
    (tmp_path / "bundle/configs/metadata.json").write_text('{"name": "Brains", "version": "1.2"}')
    (tmp_path / "bundle/docs/data_license.txt").write_text("CC BY-NC 3.0 <licence>")
    (tmp_path / "bundle/model.pt").write_bytes(b"weights")
    monkeypatch.setattr("sys.argv", ["/bin/monai-scse", "segment", "brain", str(scan), "-o", str(tmp_path)])
    page = {"bundle_root": str(tmp_path / "bundle"), "weights": [str(tmp_path / "bundle/model.pt")]}
    html = write_brain_page(tmp_path / "case.html", scan, page=page)
    words = text_of(html)
    for said in (
        "Bundle Brains 1.2",
        "Command monai-scse segment brain t1.nii -o …",
        f"Weights model.pt sha256 {hashlib.sha256(b'weights').hexdigest()}",
        f"Scan t1.nii sha256 {hashlib.sha256(b'voxels').hexdigest()}",
        "CC BY-NC 3.0 &lt;licence&gt;",
        "monai 1.",
    ):
        assert said in words
    assert "jane_doe" not in html
    assert str(tmp_path) not in html


def test_page_loads_nothing(tmp_path: Path, scan: Path) -> None:
    page = write_brain_page(tmp_path / "case.html", scan)
    own = page.replace(NIIVUE, "")
    assert len(own) < len(page) - 2_000_000  # the viewer is in it
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", own)
    assert "http" not in own.replace("http-equiv", "")
    assert "default-src 'none'" in own


def test_names_are_escaped(tmp_path: Path, scan: Path) -> None:
    evil = "<script>alert(1)</script>\udcff"
    structures = [BRAIN[0], Structure("</script><b>", (1, 2, 3))]
    prediction = brain_prediction(qc={1: "<img src=x>"})
    prediction[prediction > 1] = 0
    rows = volume_table(prediction, structures)
    CasePage(structures).write(
        tmp_path / "evil.html",
        evil,
        str(scan),
        np.zeros((40, 48, 36), np.float32),
        prediction[0].numpy(),
        AFFINE,
        (0, 1),
        rows,
    )
    page = (tmp_path / "evil.html").read_text(encoding="utf-8")
    for part in ("<script>alert", "<b>", "<img"):
        assert part not in page.replace(NIIVUE, "")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert json.loads(data_of(page, "structures"))["table"]["labels"] == ["background", "</script><b>"]


def test_viewer_has_scan_labels_and_colours(tmp_path: Path, scan: Path) -> None:
    page = write_brain_page(tmp_path / "case.html", scan)
    images = {}
    for name in ("scan", "labels"):
        packed = base64.b64decode(data_of(page, name))
        images[name] = nibabel.Nifti1Image.from_bytes(gzip.decompress(packed))
        np.testing.assert_allclose(images[name].affine, AFFINE)
    np.testing.assert_array_equal(np.asarray(images["labels"].dataobj), brain_classes())
    viewer = json.loads(data_of(page, "structures"))
    assert viewer["table"]["R"] == [0, 205, 205, 120, 120, 119]
    assert viewer["table"]["A"] == [0, 255, 255, 255, 255, 255]
    assert viewer["centres"]["5"] == [1, -3, -16]  # of voxels 18 to 20, 20 to 23 and 5 to 9


def test_picture_stands_in_the_page(tmp_path: Path, scan: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG pixels")
    page = write_brain_page(tmp_path / "case.html", scan, picture=tmp_path / "picture.png")
    assert base64.b64encode(b"\x89PNG pixels").decode() in page
    assert "<img" not in write_brain_page(tmp_path / "other.html", scan)


@pytest.mark.long
@pytest.mark.situation("a CT of 512 x 512 x 300 voxels full of noise", "the report stays below 15 MB")
def test_page_of_a_large_noisy_scan(tmp_path: Path, scan: Path) -> None:
    random = np.random.default_rng(0)
    noise = random.uniform(-200, 300, (512, 512, 300)).astype(np.float32)
    classes = random.integers(0, 3, (32, 32, 30)).astype(np.uint8).repeat(16, 0).repeat(16, 1).repeat(10, 2)
    rows = [
        {"index": index, "structure": name, "voxels": 1, "volume_mm3": 1.0, "touches_border": False}
        for index, name in enumerate(("liver", "spleen"), start=1)
    ]
    structures = [Structure(name, (9, 9, 9)) for name in ("background", "liver", "spleen")]
    (tmp_path / "picture.png").write_bytes(random.bytes(1_500_000))
    page = tmp_path / "case.html"
    CasePage(structures).write(
        page, "case", str(scan), noise, classes, np.diag([0.7, 0.7, 1, 1]), (-200, 300), rows, tmp_path / "picture.png"
    )
    assert 10_000_000 < page.stat().st_size < LARGEST
