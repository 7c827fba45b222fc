"""Miniature data sets in the layouts of Visceral, TotalSegmentator and image/label pairs."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from monai_scse.data import organ_cases
from monai_scse.runtime import InputError

ORGANS = [
    {
        "name": "liver",
        "colour": [221, 130, 101],
        "visceral": [58],
        "totalsegmentator": ["liver"],
        "totalsegmentator_v2": [5],
    },
    {
        "name": "right lung",
        "colour": [172, 218, 230],
        "visceral": [1302],
        "totalsegmentator": ["lung_upper_lobe_right", "lung_lower_lobe_right"],
        "totalsegmentator_v2": [12, 14],
        "lungs_only": [1],
    },
]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    touch(tmp_path, "images/a.nii.gz", "labels/a.nii.gz", "images/b.nii.gz", "labels/b.nii.gz")
    return tmp_path


@pytest.fixture
def totalsegmentator(tmp_path: Path) -> Path:
    lobes = ("segmentations/lung_upper_lobe_right.nii.gz", "segmentations/lung_lower_lobe_right.nii.gz")
    touch(tmp_path / "s0002", "ct.nii.gz", "segmentations/liver.nii.gz", *lobes)
    touch(tmp_path / "s0001", "ct.nii.gz", "segmentations/liver.nii.gz", "segmentations/spleen.nii.gz", lobes[0])
    touch(tmp_path, "meta.csv")
    return tmp_path


@pytest.fixture
def visceral(tmp_path: Path) -> Path:
    touch(
        tmp_path,
        "Volumes/10000100_1_CTce_ThAb.nii.gz",
        "Volumes/10000104_1_CT_wb.nii.gz",
        "Segmentations/10000100_1_CTce_ThAb_58_7.nii.gz",
        "Segmentations/10000100_1_CTce_ThAb_58_3.nii.gz",
        "Segmentations/10000100_1_CTce_ThAb_1302_6.nii.gz",
        "Segmentations/10000104_1_CT_wb_1302_6.nii.gz",
        "Landmarks/10000100_1_CTce_ThAb.fcsv",
        "Silver Corpus/Volumes/10000200_1_CTce_ThAb.nii.gz",
        "Silver Corpus/Segmentations/10000200_1_CTce_ThAb_58_silver.nii.gz",
        "Volumes/10000110_4_MRT1_Ab.nii.gz",
    )
    return tmp_path


def test_pairs(pairs: Path) -> None:
    assert organ_cases(pairs, ORGANS) == [
        {"image": str(pairs / f"images/{name}.nii.gz"), "label": str(pairs / f"labels/{name}.nii.gz")} for name in "ab"
    ]


def test_pairs_lack_the_organs_that_have_no_number(pairs: Path, caplog) -> None:
    with caplog.at_level(logging.INFO):
        organ_cases(pairs, ORGANS, label_numbers="lungs_only")
    assert "2 cases (pairs), 2 of them not annotated completely" in caplog.text
    assert "a: not annotated: liver" in caplog.text


def test_totalsegmentator_merges_lobes_and_takes_no_half_lung(totalsegmentator: Path, caplog) -> None:
    with caplog.at_level(logging.INFO):
        first, second = organ_cases(totalsegmentator, ORGANS, layout="totalsegmentator")
    masks = totalsegmentator / "s0002/segmentations"
    assert second == {
        "image": str(totalsegmentator / "s0002/ct.nii.gz"),
        "label": {
            "liver": [str(masks / "liver.nii.gz")],
            "right lung": [str(masks / "lung_upper_lobe_right.nii.gz"), str(masks / "lung_lower_lobe_right.nii.gz")],
        },
    }
    assert list(first["label"]) == ["liver"]
    assert "2 cases (totalsegmentator), 1 of them not annotated completely" in caplog.text
    assert "s0001: not annotated: right lung" in caplog.text


@pytest.mark.situation(
    "A mask or a CT that is a link to nowhere (git-annex, DataLad)",
    "fails by its name; the organ is not left out in silence",
)
def test_links_to_nowhere_are_files_of_their_case(totalsegmentator: Path) -> None:
    missing = totalsegmentator / "s0001/segmentations/lung_lower_lobe_right.nii.gz"
    missing.symlink_to("annexed")
    (totalsegmentator / "s0003").mkdir()
    (totalsegmentator / "s0003/ct.nii.gz").symlink_to("annexed")
    touch(totalsegmentator / "s0003", "segmentations/liver.nii.gz")
    cases = organ_cases(totalsegmentator, ORGANS, layout="totalsegmentator")
    assert cases[0]["label"]["right lung"][1] == str(missing)
    assert cases[2]["image"] == str(totalsegmentator / "s0003/ct.nii.gz")


def test_visceral(visceral: Path, caplog) -> None:
    with caplog.at_level(logging.INFO):
        cases = organ_cases(visceral, ORGANS, layout="visceral")
    found = {Path(case["image"]).name: case["label"] for case in cases}
    assert found == {
        "10000100_1_CTce_ThAb.nii.gz": {
            "liver": [str(visceral / "Segmentations/10000100_1_CTce_ThAb_58_3.nii.gz")],  # the first annotator
            "right lung": [str(visceral / "Segmentations/10000100_1_CTce_ThAb_1302_6.nii.gz")],
        },
        "10000104_1_CT_wb.nii.gz": {"right lung": [str(visceral / "Segmentations/10000104_1_CT_wb_1302_6.nii.gz")]},
        "10000200_1_CTce_ThAb.nii.gz": {
            "liver": [str(visceral / "Silver Corpus/Segmentations/10000200_1_CTce_ThAb_58_silver.nii.gz")]
        },
    }
    assert "3 cases (visceral), 2 of them not annotated completely" in caplog.text


@pytest.mark.parametrize(("corpus", "patients"), [("silver", ["10000200"]), ("gold", ["10000100", "10000104"])])
def test_corpora_of_visceral(visceral: Path, corpus: str, patients: list[str]) -> None:
    cases = organ_cases(visceral, ORGANS, layout="visceral", corpus=corpus)
    assert sorted(Path(case["image"]).name[:8] for case in cases) == patients


def test_long_reports_are_summed_up(tmp_path: Path, caplog) -> None:
    for i in range(12):
        touch(tmp_path / f"s{i:04}", "ct.nii.gz", "segmentations/liver.nii.gz")
    with caplog.at_level(logging.INFO):
        organ_cases(tmp_path, ORGANS, layout="totalsegmentator")
    assert "s0009: not annotated" in caplog.text
    assert "s0010" not in caplog.text
    assert "... in all: right lung in 12" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "bids"}, "layout must be one of pairs, totalsegmentator, visceral, got 'bids'"),
        ({"corpus": "bronze"}, "corpus must be one of gold, silver or null, got 'bronze'"),
        ({"label_numbers": "aseg"}, r"'classes' or a key of the organ table \(lungs_only, totalsegmentator_v2\)"),
        ({"layout": "visceral"}, "no cases in the layout 'visceral'"),
        ({"layout": "totalsegmentator"}, "no cases in the layout 'totalsegmentator'"),
        ({"corpus": "silver"}, "no cases of the silver corpus in the layout 'pairs'"),
    ],
)
def test_bad_options(pairs: Path, options, message) -> None:
    with pytest.raises(InputError, match=message):
        organ_cases(pairs, ORGANS, **options)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        organ_cases(tmp_path / "nowhere", ORGANS, layout="visceral")


def test_case_without_any_organ_is_named(totalsegmentator: Path) -> None:
    touch(totalsegmentator / "s0003", "ct.nii.gz", "segmentations/spleen.nii.gz")
    with pytest.raises(InputError, match=r"s0003/ct\.nii\.gz: none of the 2 organs is annotated"):
        organ_cases(totalsegmentator, ORGANS, layout="totalsegmentator")
