"""DICOM folders as hospitals export them: several series, stray files, and series that are not a volume."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from support.dicom_files import write_dicom_series

from monai_scse.data import case_name, image_cases
from monai_scse.dicom import find_dicom_series, get_dicom_series
from monai_scse.runtime import InputError

SPACING = (1.5, 1.2, 2.0)
UID = "1.2.826.0.1.3680043.2.1125.77001234"


def values(slices: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, (8, 7, slices)).astype(np.float32)


def even(count: int, step: float = 2.0) -> list[list[float]]:
    return [[-20, -25, index * step] for index in range(count)]


def test_each_series_is_a_case_named_by_description_and_uid_tail(tmp_path: Path) -> None:
    write_dicom_series(tmp_path, values(), SPACING, uid=UID)
    write_dicom_series(tmp_path, values(), SPACING, description="Thorax / lung B70", uid="1.2.3.4.55")
    write_dicom_series(tmp_path / "deeper", values(), SPACING, description="", uid="1.2.3.4.66")
    (tmp_path / "DICOMDIR.txt").write_text("stray")
    (tmp_path / "report.pdf").write_bytes(b"%PDF" + bytes(200))
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(30))
    cases = image_cases(tmp_path)
    assert [case_name(case["image"]) for case in cases] == [
        "Abdomen_portal_77001234",
        "Thorax_lung_B70_2.3.4.55",
        "series_2.3.4.66",
    ]
    assert cases[2]["image"] == str(tmp_path / "deeper" / "series_2.3.4.66")


def test_series_beside_images_are_named_as_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_dicom_series(tmp_path, values(), SPACING, uid=UID)
    (tmp_path / "scan.nii.gz").touch()
    with caplog.at_level(logging.WARNING):
        cases = image_cases(tmp_path)
    assert [case_name(case["image"]) for case in cases] == ["scan"]
    assert "Abdomen_portal_77001234: left out because the folder holds scan.nii.gz too" in caplog.text


def test_series_of_one_name_are_told_apart_by_their_whole_uid(tmp_path: Path) -> None:
    for uid in ("1.2.8.77001234", "1.2.9.77001234"):
        write_dicom_series(tmp_path, values(), SPACING, uid=uid)
    names = [series.name for series in find_dicom_series(tmp_path)]
    assert names == ["Abdomen_portal_1.2.8.77001234", "Abdomen_portal_1.2.9.77001234"]


def test_anonymised_series_without_uid_are_told_apart(tmp_path: Path) -> None:
    for folder, description, modality, number in (
        ("p1", "Abdomen portal", "CT", 3),
        ("p1", "Abdomen_portal", "CT", 4),
        ("p1", "Abdomen portal", "MR", 5),
        ("p2", "Abdomen portal", "CT", 3),
    ):
        write_dicom_series(
            tmp_path / folder,
            values(number),
            SPACING,
            uid="",
            description=description,
            modality=modality,
            number=number,
        )
    names = ["Abdomen_portal_p1_CT_3", "Abdomen_portal_p1_CT_4", "Abdomen_portal_p2_CT_3"]
    cases = image_cases(tmp_path, "CT")
    assert [case_name(case["image"]) for case in cases] == names
    assert [len(get_dicom_series(case["image"]).files) for case in cases] == [3, 4, 3]


def test_localizer_without_uid_and_description_is_no_part_of_the_scan(tmp_path: Path) -> None:
    write_dicom_series(tmp_path, values(), SPACING, uid="", description="", number=None)
    write_dicom_series(
        tmp_path,
        values(1),
        SPACING,
        uid="",
        description="",
        number=None,
        image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"),
    )
    (case,) = image_cases(tmp_path, "CT")
    assert case_name(case["image"]) == f"series_{tmp_path.name}_CT"
    assert len(get_dicom_series(case["image"]).files) == 6


def test_series_of_one_name_in_two_folders_are_found_again(tmp_path: Path) -> None:
    for folder, uid in (("p1", "1.2.8.77001234"), ("p2", "1.2.9.77001234")):
        write_dicom_series(tmp_path / folder, values(), SPACING, uid=uid)
    assert [get_dicom_series(case["image"]).uid for case in image_cases(tmp_path)] == [
        "1.2.8.77001234",
        "1.2.9.77001234",
    ]


def test_slices_are_sorted_along_the_body_whatever_the_file_names(tmp_path: Path) -> None:
    positions = even(6)[::-1]
    write_dicom_series(tmp_path, values(), SPACING, positions=positions)
    (series,) = find_dicom_series(tmp_path)
    assert [item.position[2] for item in series.slices] == [0, 2, 4, 6, 8, 10]
    assert len(set(series.files)) == 6


def test_path_of_a_series_and_folder_with_one_lead_to_it(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "study", values(), SPACING, uid=UID)
    path = tmp_path / "study" / "Abdomen_portal_77001234"
    assert get_dicom_series(path).uid == UID
    assert get_dicom_series(tmp_path / "study").uid == UID
    assert image_cases(path) == [{"image": str(path)}]
    assert get_dicom_series(tmp_path / "study" / "other") is None
    assert get_dicom_series(tmp_path / "nowhere" / "other") is None
    with pytest.raises(InputError, match="no such file or folder"):
        image_cases(tmp_path / "study" / "other")


def test_folder_with_two_series_is_not_one_scan(tmp_path: Path) -> None:
    for uid in ("1.2.3.11111111", "1.2.3.22222222"):
        write_dicom_series(tmp_path, values(), SPACING, uid=uid)
    with pytest.raises(InputError, match=r"holds 2 series \(Abdomen_portal_11111111, Abdomen_portal_22222222\)"):
        get_dicom_series(tmp_path)


def scout(folder: Path) -> None:
    write_dicom_series(folder, values(1), SPACING, description="Scout", image_type=("DERIVED", "PRIMARY", "LOCALIZER"))


def three_planes(folder: Path) -> None:
    for orientation in ((1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1)):
        write_dicom_series(folder / str(orientation), values(1), SPACING, uid="1.2.3", orientation=orientation)
    for number, file in enumerate(sorted(folder.glob("*/*"))):
        file.rename(folder / f"plane{number}")


@pytest.mark.parametrize("write", [scout, three_planes])
def test_localizer_is_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture, write) -> None:
    write(tmp_path)
    with pytest.raises(InputError, match="a localizer, not a volume; choose another series"):
        image_cases(tmp_path)
    write_dicom_series(tmp_path, values(), SPACING, uid=UID)
    with caplog.at_level(logging.WARNING):
        assert [case_name(case["image"]) for case in image_cases(tmp_path)] == ["Abdomen_portal_77001234"]
    assert "a localizer, left out" in caplog.text


def missing_slice(folder: Path) -> None:
    write_dicom_series(folder, values(9), SPACING, positions=even(12)[:4] + even(12)[6:11])


def mixed_spacing(folder: Path) -> None:
    write_dicom_series(folder, values(8), SPACING, positions=even(4) + [[-20, -25, 6 + 5 * i] for i in range(1, 5)])


def gantry_tilt(folder: Path) -> None:
    tilted = np.radians(15)
    orientation = (1, 0, 0, 0, np.cos(tilted), -np.sin(tilted))
    write_dicom_series(folder, values(), SPACING, positions=even(6), orientation=orientation)


def two_phases(folder: Path) -> None:
    write_dicom_series(folder, values(12), SPACING, positions=even(6) * 2)


def two_sizes(folder: Path) -> None:
    write_dicom_series(folder, values(3), SPACING, positions=even(6)[:3], uid="1.2.3")
    for file in folder.iterdir():
        file.rename(folder / f"a{file.name}")
    write_dicom_series(folder, values(3)[:6], SPACING, positions=even(6)[3:], uid="1.2.3")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (missing_slice, r"Abdomen_portal_\S+: 2 slice\(s\) missing between IM\S+ and IM\S+, 1 gap\(s\) in all; export"),
        (mixed_spacing, r"Abdomen_portal_\S+: mixed slice spacing, 2.00 to 5.00 mm; resample it"),
        (gantry_tilt, r"Abdomen_portal_\S+: gantry tilt of 15.0 degrees; resample it first, for example with dcm2niix"),
        (two_phases, r"Abdomen_portal_\S+: 6 slices lie where another one lies; export each phase"),
        (two_sizes, r"Abdomen_portal_\S+: its slices differ in size or pixel spacing; export them"),
    ],
)
def test_series_that_is_no_volume_is_refused_by_name(tmp_path: Path, write, message: str) -> None:
    write(tmp_path)
    with pytest.raises(InputError, match=message):
        image_cases(tmp_path)


def test_oblique_series_is_a_volume(tmp_path: Path) -> None:
    angle = np.radians(20)
    row, column = np.array([1, 0, 0]), np.array([0, np.cos(angle), np.sin(angle)])
    normal = np.cross(row, column)
    write_dicom_series(
        tmp_path, values(), SPACING, positions=[2.0 * i * normal for i in range(6)], orientation=(*row, *column)
    )
    assert len(image_cases(tmp_path)) == 1


def test_one_slice_is_left_to_whoever_needs_more(tmp_path: Path) -> None:
    write_dicom_series(tmp_path, values(1), SPACING)
    assert len(image_cases(tmp_path)) == 1


def radiograph(folder: Path) -> None:
    import pydicom

    write_dicom_series(folder, values(1), SPACING, description="Abdomen erect", uid="1.2.3.99")
    for file in folder.iterdir():
        item = pydicom.dcmread(file)
        item.Modality = "DX"
        del item.ImagePositionPatient, item.ImageOrientationPatient
        item.save_as(file)


def mr_series(folder: Path) -> None:
    write_dicom_series(folder, values(), SPACING, description="T2 TSE", modality="MR", uid="1.2.3.88")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (radiograph, r"Abdomen_erect_1.2.3.99: DICOM modality DX, not a CT"),
        (mr_series, r"T2_TSE_\S+: DICOM modality MR"),
    ],
)
def test_series_that_is_no_ct_is_refused_alone_and_left_out_beside_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, write, message: str
) -> None:
    write(tmp_path)
    with pytest.raises(InputError, match=message):
        image_cases(tmp_path, "CT")
    write_dicom_series(tmp_path, values(), SPACING, uid=UID)
    with caplog.at_level(logging.WARNING):
        assert [case_name(case["image"]) for case in image_cases(tmp_path, "CT")] == ["Abdomen_portal_77001234"]
    assert "left out" in caplog.text


def test_path_of_an_mr_series_is_refused_for_ct(tmp_path: Path) -> None:
    mr_series(tmp_path)
    (series,) = find_dicom_series(tmp_path)
    assert image_cases(series.path) == [{"image": series.path}]
    with pytest.raises(InputError, match="DICOM modality MR, not a CT"):
        image_cases(series.path, "CT")
