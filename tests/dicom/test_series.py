"""DICOM folders as hospitals export them: which series are cases, their names and paths."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import edit, write_dicom_series

from monai_scse.data import case_name, image_cases
from monai_scse.dicom import dicom_cases, find_dicom_series, get_dicom_series, series_table
from monai_scse.runtime import InputError

SPACING = (1.5, 1.2, 2.0)
UID = "1.2.826.0.1.3680043.2.1125.77001234"


def values(slices: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, (8, 7, slices)).astype(np.float32)


def names(folder: Path, modality: str | None = None) -> list[str]:
    return [case_name(case["image"]) for case in image_cases(folder, modality)]


def is_found_again(folder: Path) -> bool:
    """Whether the path of each case leads to its series, also when files have changed since the search."""
    series = dicom_cases(folder)
    known = [get_dicom_series(item.path).files for item in series]
    for file in (file for item in series for file in item.files):
        os.utime(file)
    searched = [get_dicom_series(item.path).files for item in series]
    return known == searched == [item.files for item in series]


@pytest.mark.situation("A folder for each DICOM series", "each case has the name of its folder")
def test_only_scan_of_a_folder_has_its_name(tmp_path: Path) -> None:
    for folder in ("liver", "kidneys", "deeper/spleen"):
        write_dicom_series(tmp_path / folder, values(), SPACING)
    assert image_cases(tmp_path) == [
        {"image": str(tmp_path / folder)} for folder in ("deeper/spleen", "kidneys", "liver")
    ]
    assert is_found_again(tmp_path)


@pytest.mark.situation("Several DICOM series and other files in a folder", "each is named by folder, number and words")
def test_scans_of_one_folder_are_named_by_number_and_description(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    write_dicom_series(folder, values(), SPACING, uid=UID)
    write_dicom_series(folder, values(), SPACING, description="Thorax / lung B70", number=4)
    write_dicom_series(folder, values(), SPACING, description="", number=None)
    (folder / "DICOMDIR.txt").write_text("stray")
    (folder / "report.pdf").write_bytes(b"%PDF" + bytes(200))
    (folder / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(30))
    assert names(folder) == ["study_3_Abdomen_portal", "study_4_Thorax_lung_B70", "study_CT"]
    assert is_found_again(folder)


@pytest.mark.situation("Folders of one name for two patients", "named by patient's folder and its own")
def test_folders_of_one_name_take_on_their_parents(tmp_path: Path) -> None:
    for folder in ("a/pat1/CT", "a/pat2/CT", "b/pat2/CT", "c/MR"):
        write_dicom_series(tmp_path / folder, values(), SPACING)
    assert names(tmp_path) == ["pat1_CT", "a_pat2_CT", "b_pat2_CT", "MR"]
    assert is_found_again(tmp_path)


def test_series_of_one_name_in_a_folder_are_numbered(tmp_path: Path) -> None:
    for uid in ("1.2.8.77001234", "1.2.9.77001234"):
        write_dicom_series(tmp_path / "study", values(), SPACING, uid=uid)
    assert names(tmp_path) == ["study_3_Abdomen_portal_1", "study_3_Abdomen_portal_2"]


def test_characters_that_paths_do_not_like_become_underscores(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "pat 1, (CT)", values(), SPACING)
    assert image_cases(tmp_path) == [{"image": str(tmp_path / "pat 1, (CT)" / "pat_1_CT")}]
    assert is_found_again(tmp_path)


def test_patient_is_in_no_name(tmp_path: Path) -> None:
    for number in (1, 2):
        write_dicom_series(tmp_path / "study", values(), SPACING, number=number)
    edit(tmp_path / "study", PatientName="Doe^Jane", PatientID="4711")
    assert not any(word in name for name in names(tmp_path) for word in ("Doe", "Jane", "4711"))


def test_table_tells_the_headers_own_words(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "liver", values(), SPACING, uid=UID)
    assert series_table(dicom_cases(tmp_path)) == [
        {
            "case": "liver",
            "folder": str(tmp_path / "liver"),
            "series_uid": UID,
            "number": "3",
            "description": "Abdomen portal",
        }
    ]


@pytest.mark.situation("DICOM slices named .img, without .hdr", "one scan, no Analyze files")
@pytest.mark.parametrize("suffix", [".img", ".IMG", ".dcm", ".1.2.3", "", ".nii.bak"])
def test_slices_of_any_suffix(tmp_path: Path, suffix: str) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    for number, file in enumerate(sorted((tmp_path / "scan").iterdir())):
        file.rename(file.with_name(f"slice{number}{suffix}"))
    for folder in (tmp_path, tmp_path / "scan"):
        assert image_cases(folder) == [{"image": str(tmp_path / "scan")}]


def test_series_beside_images_are_named_as_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_dicom_series(tmp_path / "study", values(), SPACING, uid=UID)
    (tmp_path / "study" / "scan.nii.gz").touch()
    with caplog.at_level(logging.WARNING):
        assert names(tmp_path / "study") == ["scan"]
    assert "study: left out because the folder holds scan.nii.gz too" in caplog.text


@pytest.mark.situation("Series whose UIDs an anonymiser emptied", "separate cases by folder, number and description")
def test_anonymised_series_without_uid_are_told_apart(tmp_path: Path) -> None:
    for folder, description, modality, number in (
        ("p1", "Abdomen portal", "CT", 3),
        ("p1", "Abdomen_portal", "CT", 4),
        ("p1", "Abdomen portal", "MR", 5),
        ("p2", "Abdomen portal", "CT", 3),
    ):
        write_dicom_series(
            tmp_path / folder,
            values(number + 3),
            SPACING,
            uid="",
            description=description,
            modality=modality,
            number=number,
        )
    cases = image_cases(tmp_path, "CT")
    assert [case_name(case["image"]) for case in cases] == ["p1_3_Abdomen_portal", "p1_4_Abdomen_portal", "p2"]
    assert [len(get_dicom_series(case["image"]).files) for case in cases] == [6, 7, 6]


def test_slices_are_sorted_along_the_body_whatever_the_file_names(tmp_path: Path) -> None:
    positions = [[-20, -25, 2 * index] for index in range(6)][::-1]
    write_dicom_series(tmp_path, values(), SPACING, positions=positions)
    (series,) = find_dicom_series(tmp_path)
    assert [item.frame.position[2] for item in series.slices] == [0, 2, 4, 6, 8, 10]
    assert len(set(series.files)) == 6


def test_path_of_a_series_and_folder_with_one_lead_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    write_dicom_series(folder, values(), SPACING, uid=UID)
    for path in (folder, folder / UID, folder / "study", folder / f"{tmp_path.name}_study"):
        assert get_dicom_series(path).uid == UID
    assert image_cases(folder / UID) == [{"image": str(folder)}]
    assert get_dicom_series(folder / "other") is None
    assert get_dicom_series(tmp_path) is None
    assert get_dicom_series(tmp_path / "nowhere" / "other") is None
    with pytest.raises(InputError, match="no such file or folder"):
        image_cases(folder / "other")


def test_folder_with_two_series_is_not_one_scan(tmp_path: Path) -> None:
    for uid in ("1.2.3.11111111", "1.2.3.22222222"):
        write_dicom_series(tmp_path / "study", values(), SPACING, uid=uid)
    with pytest.raises(InputError, match=r"holds 2 series \(study_3_Abdomen_portal_1, study_3_Abdomen_portal_2\)"):
        get_dicom_series(tmp_path / "study")


def test_path_of_an_mr_series_is_refused_for_ct(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "head", values(), SPACING, description="T2 TSE", modality="MR")
    write_dicom_series(tmp_path / "head", values(), SPACING, description="T1", modality="MR", number=4)
    path = tmp_path / "head" / "head_3_T2_TSE"
    assert image_cases(path) == [{"image": str(path)}]
    with pytest.raises(InputError, match="head_3_T2_TSE: DICOM modality MR, not a CT; "):
        image_cases(path, "CT")


@pytest.mark.situation("One series in two folders, as discs have it", "one scan")
def test_series_over_two_folders_is_one_scan(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "disc" / "A", values(12), SPACING)
    (tmp_path / "disc" / "B").mkdir()
    for file in sorted((tmp_path / "disc" / "A").iterdir())[::2]:
        shutil.move(file, tmp_path / "disc" / "B")
    write_dicom_series(tmp_path / "other", values(), SPACING)
    assert image_cases(tmp_path) == [{"image": str(tmp_path / name)} for name in ("disc", "other")]
    assert len(get_dicom_series(tmp_path / "disc").files) == 12
    assert is_found_again(tmp_path)


@pytest.mark.situation("DICOM folders that are links, or linked in a circle", "each scan is found once")
def test_linked_folders_are_searched_once(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "archive" / "scan", values(), SPACING)
    (tmp_path / "data" / "pat1").mkdir(parents=True)
    (tmp_path / "data" / "pat1" / "CT").symlink_to(tmp_path / "archive" / "scan")
    (tmp_path / "data" / "pat1" / "up").symlink_to(tmp_path / "data")
    assert image_cases(tmp_path / "data") == [{"image": str(tmp_path / "data" / "pat1" / "CT")}]


@pytest.mark.situation("Hidden files beside DICOM files", "passed over")
def test_hidden_files_are_no_slices(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    (tmp_path / ".git").mkdir()
    for file in sorted((tmp_path / "scan").iterdir()):
        shutil.copy(file, tmp_path / ".git")
        file.with_name(f"._{file.name}.dcm").write_bytes(bytes(200))
    assert image_cases(tmp_path) == [{"image": str(tmp_path / "scan")}]
    assert len(get_dicom_series(tmp_path / "scan").files) == 6


def test_gap_in_a_series_over_two_folders_is_seen(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "A", values(14), SPACING)
    (tmp_path / "B").mkdir()
    (series,) = find_dicom_series(tmp_path)
    for file in series.files[7:]:
        shutil.move(file, tmp_path / "B")
    (tmp_path / "A" / Path(series.files[6]).name).unlink()
    (case,) = image_cases(tmp_path)
    with pytest.raises(InputError, match=r"1 slice\(s\) missing"):
        get_dicom_series(case["image"])


@pytest.mark.situation(
    "The same files sent twice", "each is used once, by a line in the log", source="users of dicom2nifti"
)
@pytest.mark.parametrize("values_changed", [{}, {"SOPInstanceUID": "1.2.3.4"}])
def test_file_sent_twice_is_used_once(tmp_path: Path, caplog, values_changed: dict) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    for file in sorted((tmp_path / "scan").iterdir())[:3]:
        shutil.copy(file, f"{file}_again")
        edit(f"{file}_again", **values_changed)
    with caplog.at_level(logging.WARNING):
        (case,) = image_cases(tmp_path)
    assert "scan: 3 second copies of slices, left out" in caplog.text
    assert len(get_dicom_series(case["image"]).files) == 6


def test_slice_that_is_in_two_parts_of_a_series_is_used_once(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "disc" / "A", values(40), SPACING)
    (tmp_path / "disc" / "B").mkdir()
    files = find_dicom_series(tmp_path)[0].files
    for file in files[20:]:
        shutil.move(file, tmp_path / "disc" / "B")
    shutil.copy(files[19], tmp_path / "disc" / "B")
    assert image_cases(tmp_path) == [{"image": str(tmp_path / "disc")}]
    assert len(get_dicom_series(tmp_path / "disc").files) == 40


@pytest.mark.situation("A whole copy of a DICOM folder, and one with a slice missing", "a case each")
def test_copies_of_a_folder_stay_apart(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "scan", values(), SPACING)
    shutil.copytree(tmp_path / "scan", tmp_path / "copy")
    shutil.copytree(tmp_path / "scan", tmp_path / "gap")
    (tmp_path / "gap" / Path(get_dicom_series(tmp_path / "scan").files[2]).name).unlink()
    assert names(tmp_path) == ["copy", "gap", "scan"]
    assert len(get_dicom_series(tmp_path / "copy").files) == len(get_dicom_series(tmp_path / "scan").files) == 6
    with pytest.raises(InputError, match=r"gap: 1 slice\(s\) missing"):
        get_dicom_series(tmp_path / "gap")


@pytest.mark.situation("Different series with one UID in several folders", "separate scans")
@pytest.mark.parametrize("origins", [(-10, -10), (-10, -9), (-10, 37.3)])
def test_series_that_share_a_uid_in_different_folders_stay_apart(tmp_path: Path, origins) -> None:
    for folder, origin in zip(("p1", "p2"), origins):
        noise = np.random.default_rng(ord(folder[1])).normal(0, 9, (8, 7, 6))
        write_dicom_series(tmp_path / folder, values() + noise, SPACING, (0, 0, origin), uid=UID)
    edit([*(tmp_path / "p1").iterdir(), *(tmp_path / "p2").iterdir()], StudyInstanceUID="1.2.3")
    assert names(tmp_path) == ["p1", "p2"]
    assert [len(get_dicom_series(tmp_path / name).files) for name in ("p1", "p2")] == [6, 6]
