"""From folders to case lists, and what users read when something is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import write_dicom_series

from monai_scse.data import IMAGE_SUFFIXES, case_name, image_cases, labelled_cases, retest_cases, split_cases
from monai_scse.runtime import InputError, existing_file


def touch(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", [*IMAGE_SUFFIXES, ".NII.GZ", ".Nii"])
def test_case_name_drops_the_image_suffix(suffix: str) -> None:
    assert case_name(f"folder.nii/sub-01.v2{suffix}") == "sub-01.v2"
    assert case_name(Path("folder") / f"sub-01.v2{suffix}") == "sub-01.v2"


def test_case_name_of_a_dicom_series() -> None:
    assert case_name("studies/liver_3_Abdomen_2.3") == "liver_3_Abdomen_2.3"


def test_case_name_of_totalsegmentator_is_that_of_its_folder() -> None:
    assert case_name("dataset/s0001/ct.nii.gz") == "s0001"
    assert case_name("dataset/s0001/ct_2.nii.gz") == "ct_2"
    assert case_name("ct.nii.gz") == "ct"


def test_images_of_a_folder_sorted_and_others_ignored(tmp_path: Path) -> None:
    for name in ("b.nii.gz", "a.nii", "c.mha", "notes.txt", "d.json"):
        touch(tmp_path / name)
    touch(tmp_path / "deeper" / "e.nii.gz")
    assert image_cases(tmp_path) == [{"image": str(tmp_path / name)} for name in ("a.nii", "b.nii.gz", "c.mha")]
    assert image_cases(str(tmp_path)) == image_cases(tmp_path)


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_single_file(tmp_path: Path, suffix: str) -> None:
    file = touch(tmp_path / f"scan{suffix}")
    touch(tmp_path / "other.nii.gz")
    assert image_cases(file) == [{"image": str(file)}]


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file or folder; set dataset_dir"):
        image_cases(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"nowhere: no such file or folder; set dataset_dir"):
        labelled_cases(tmp_path / "nowhere")


def test_empty_folder(tmp_path: Path) -> None:
    touch(tmp_path / "readme.txt")
    with pytest.raises(InputError, match=rf"{tmp_path}: no images found; dataset_dir must hold \.nii\.gz"):
        image_cases(tmp_path)


def test_file_that_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scan\.txt: not an image; supported are \.nii\.gz, "):
        image_cases(touch(tmp_path / "scan.txt"))


@pytest.mark.situation("Two scans of one name, scan.nii and scan.nii.gz", "both fail, each naming the other one")
def test_duplicate_names(tmp_path: Path) -> None:
    for name in ("another.nii", "scan.nii", "scan.nii.gz"):
        touch(tmp_path / name)
    another, *both = image_cases(tmp_path)
    assert another == {"image": str(tmp_path / "another.nii")}
    files = [tmp_path / "scan.nii", tmp_path / "scan.nii.gz"]
    assert both == [
        {"image": str(file), "refused": f"{file}: same case name 'scan' as {other}; rename one of them."}
        for file, other in zip(files, reversed(files))
    ]


@pytest.mark.situation(
    "A link that leads nowhere, as git-annex and DataLad leave it",
    "it is a case, which fails",
    source="reported by users of DataLad data sets",
)
def test_link_that_leads_nowhere_is_a_case(tmp_path: Path) -> None:
    touch(tmp_path / "a.nii.gz")
    (tmp_path / "b.nii.gz").symlink_to(tmp_path / "annex/object")
    assert [case["image"] for case in image_cases(tmp_path)] == [str(tmp_path / f"{name}.nii.gz") for name in "ab"]


@pytest.mark.situation(
    "Scans and results in one folder, run twice", "the segmentations of the first run are left out by name"
)
def test_segmentations_of_an_earlier_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.nii.gz", "a_seg.nii.gz", "b_seg.nii.gz", "b_volumes.csv", "c_seg.nii.gz"):
        touch(tmp_path / name)
    found = [Path(case["image"]).name for case in image_cases(tmp_path)]
    assert found == ["a.nii.gz", "c_seg.nii.gz"]  # nothing says that the last one is a segmentation
    assert "a_seg.nii.gz: left out, the segmentation of a." in caplog.text
    assert "b_seg.nii.gz: left out, the segmentation of b." in caplog.text


@pytest.mark.situation("An Analyze image without its .hdr", "it is a case, which fails")
def test_analyze_image_without_its_header(tmp_path: Path) -> None:
    for name in ("a.img", "a.hdr", "b.img"):
        touch(tmp_path / name)
    assert [case["image"] for case in image_cases(tmp_path)] == [str(tmp_path / f"{name}.img") for name in "ab"]


@pytest.mark.situation("A folder with # in its name", "refused with what to do")
def test_folder_that_monai_renames(tmp_path: Path) -> None:
    touch(tmp_path / "run#1/a.nii.gz")
    with pytest.raises(InputError, match="MONAI writes '::' for '#' in a path; rename the folder"):
        image_cases(tmp_path / "run::1")


@pytest.mark.situation("images/ct.nii.gz with labels/ct.nii.gz", "read as a pair")
def test_pair_named_ct(tmp_path: Path) -> None:
    image, label = (touch(tmp_path / part / "ct.nii.gz") for part in ("images", "labels"))
    assert labelled_cases(tmp_path) == [{"image": str(image), "label": str(label)}]
    assert case_name(image) == case_name(label) == "ct"


def test_images_win_over_dicom_folders(tmp_path: Path) -> None:
    touch(tmp_path / "scan.nii.gz")
    write_dicom_series(tmp_path / "series", np.zeros((4, 4, 4)), (1, 1, 1))
    assert image_cases(tmp_path) == [{"image": str(tmp_path / "scan.nii.gz")}]


def test_folder_without_the_dicom_mark(tmp_path: Path) -> None:
    touch(tmp_path / "series" / "0001.dcm", bytes(200))
    with pytest.raises(InputError, match="no images found"):
        image_cases(tmp_path)


def test_dicom_series_in_the_working_folder_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dicom_series(tmp_path, np.zeros((4, 4, 6)), (1, 1, 1))
    monkeypatch.chdir(tmp_path)
    assert image_cases(".") == [{"image": str(tmp_path)}]


def test_labelled_cases_pair_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        touch(tmp_path / "images" / f"{name}.nii.gz")
    touch(tmp_path / "labels" / "a.nii.gz")
    touch(tmp_path / "labels" / "b.mgz")
    touch(tmp_path / "labels" / "unused.nii.gz")
    assert labelled_cases(tmp_path) == [
        {"image": str(tmp_path / "images/a.nii.gz"), "label": str(tmp_path / "labels/a.nii.gz")},
        {"image": str(tmp_path / "images/b.nii.gz"), "label": str(tmp_path / "labels/b.mgz")},
    ]


@pytest.mark.parametrize("part", ["images", "labels"])
def test_labelled_cases_without_a_folder(tmp_path: Path, part: str) -> None:
    other = {"images": "labels", "labels": "images"}[part]
    touch(tmp_path / other / "a.nii.gz")
    with pytest.raises(InputError, match=rf"{part}: no such folder; dataset_dir must hold images/ and labels/"):
        labelled_cases(tmp_path)


def test_labelled_dicom_series_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    write_dicom_series(tmp_path / "images/series", np.zeros((4, 4, 6)), (1, 1, 2), modality="MR")
    with pytest.raises(InputError, match=r"a DICOM series of modality MR; convert it: images/ and labels/ must hold"):
        labelled_cases(tmp_path)


def test_labelled_cases_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scan\.nii: not a folder; set dataset_dir"):
        labelled_cases(touch(tmp_path / "scan.nii"))


def test_labelled_cases_without_images(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    touch(tmp_path / "labels" / "a.nii.gz")
    with pytest.raises(InputError, match="images: no images found"):
        labelled_cases(tmp_path)


def test_missing_label(tmp_path: Path) -> None:
    touch(tmp_path / "images" / "a.nii.gz")
    touch(tmp_path / "images" / "b.nii.gz")
    touch(tmp_path / "labels" / "a.nii.gz")
    with pytest.raises(InputError, match=r"b\.nii\.gz: no label of this name in .*labels; add it"):
        labelled_cases(tmp_path)


def test_two_labels_of_one_name(tmp_path: Path) -> None:
    touch(tmp_path / "images" / "a.nii.gz")
    touch(tmp_path / "labels" / "a.nii.gz")
    touch(tmp_path / "labels" / "a.nii")
    with pytest.raises(InputError, match=r"same case name 'a'"):
        labelled_cases(tmp_path)


def test_pairs_of_scans_follow_each_other(tmp_path: Path) -> None:
    files = [touch(tmp_path / name) for name in ("test/a.nii.gz", "retest/a.nii", "test/b.mha", "retest/b.nii.gz")]
    assert retest_cases(tmp_path) == [{"image": str(file)} for file in files]


@pytest.mark.parametrize(("there", "other"), [("test", "retest"), ("retest", "test")])
def test_scan_without_a_partner(tmp_path: Path, there: str, other: str) -> None:
    for name in ("test/a.nii.gz", "retest/a.nii.gz", f"{there}/b.nii.gz"):
        touch(tmp_path / name)
    with pytest.raises(InputError, match=rf"{there}/b\.nii\.gz: no scan of this name in .*/{other}; add it or remove"):
        retest_cases(tmp_path)


def test_missing_folder_of_pairs(tmp_path: Path) -> None:
    touch(tmp_path / "test" / "a.nii.gz")
    with pytest.raises(InputError, match=r"retest: no such folder; dataset_dir must hold test/ and retest/"):
        retest_cases(tmp_path)
    (tmp_path / "test" / "a.nii.gz").unlink()
    (tmp_path / "retest").mkdir()
    with pytest.raises(InputError, match=r"test: no images found"):
        retest_cases(tmp_path)


def test_malc2012(malc2012: Path) -> None:
    cases = labelled_cases(malc2012)
    assert len(cases) == 15
    assert all(case_name(case["image"]) == case_name(case["label"]) for case in cases)


CASES = [{"image": f"images/{name}.nii.gz", "label": f"labels/{name}.nii.gz"} for name in "abcdefghij"]


def names(cases: list[dict[str, str]]) -> str:
    return "".join(case_name(case["image"]) for case in cases)


def test_split_by_name() -> None:
    training, validation = split_cases(CASES, ["i", "b"])
    assert names(training) == "acdefghj"
    assert names(validation) == "bi"
    assert validation[0] is CASES[1]


def test_split_by_number_names() -> None:
    cases = [{"image": f"{number}.nii.gz"} for number in (1008, 1013, 1036)]
    training, validation = split_cases(cases, [1013])
    assert (names(training), names(validation)) == ("10081036", "1013")


@pytest.mark.parametrize(
    ("share", "expected"), [(0, ""), (0.0, ""), (0.1, "f"), (0.2, "ch"), (0.3, "bfi"), (0.5, "bdfhj"), (0.04, "")]
)
def test_split_by_share_spreads_evenly(share: float, expected: str) -> None:
    training, validation = split_cases(CASES, share)
    assert names(validation) == expected
    assert sorted(names(training) + expected) == sorted(names(CASES))


@pytest.mark.parametrize("count", range(1, 10))
@pytest.mark.parametrize("total", [10, 11, 37])
def test_split_by_share_takes_the_right_number(total: int, count: int) -> None:
    cases = [{"image": f"{i:03}.nii"} for i in range(total)]
    training, validation = split_cases(cases, count / total)
    assert (len(training), len(validation)) == (total - count, count)


@pytest.mark.parametrize("share", [1.0, -0.1, 2.5, float("nan")])
def test_split_share_out_of_range(share: float) -> None:
    with pytest.raises(InputError, match=rf"share from 0 to below 1, got {share}"):
        split_cases(CASES, share)


def test_split_by_one_name_that_is_not_in_a_list() -> None:
    numbered = [{"image": f"{name}.nii.gz"} for name in ("1007", "1008", "1009")]
    for name in ("1008", 1008):
        assert split_cases(numbered, name)[1] == [numbered[1]]


def test_split_unknown_name() -> None:
    with pytest.raises(InputError, match=r"no case named x, z among a, b, c"):
        split_cases(CASES, ["z", "a", "x"])


@pytest.mark.parametrize("validation", [["a", "b", "c"], 0.9])
def test_split_with_nothing_to_train_on(validation: list[str] | float) -> None:
    with pytest.raises(InputError, match=r"leaves none of the 3 cases to train on"):
        split_cases(CASES[:3], validation)


def test_require_file(tmp_path: Path) -> None:
    file = touch(tmp_path / "model.pt")
    assert existing_file(file, "train first.") == str(file)
    with pytest.raises(InputError, match=rf"{tmp_path}: no such file; train first\."):
        existing_file(tmp_path, "train first.")


def test_input_error_is_a_value_error() -> None:
    assert issubclass(InputError, ValueError)
