"""Whole examinations: what is no scan of the task is left out by name, and costs no other series."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pydicom.uid
import pytest
from pydicom import dcmread
from support.dicom_files import edit, new_image, write_dicom_series, write_enhanced

from monai_scse.data import image_cases
from monai_scse.dicom import get_dicom_series
from monai_scse.runtime import InputError

SPACING = (1.5, 1.2, 2.0)
SCOUT = ("ORIGINAL", "PRIMARY", "LOCALIZER")


def values(slices: int = 6) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, (8, 7, slices)).astype(np.float32)


def scout(folder: Path) -> None:
    write_dicom_series(folder, values(1), SPACING, description="Scout", image_type=("DERIVED", "PRIMARY", "LOCALIZER"))


def many_scouts(folder: Path) -> None:
    write_dicom_series(folder, values(9), SPACING, image_type=SCOUT)


def three_planes(count: int):
    def write(folder: Path) -> None:
        for number, orientation in enumerate(((1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1))):
            write_dicom_series(folder / str(number), values(count), SPACING, uid="1.2.3", orientation=orientation)
        for number, file in enumerate(sorted(folder.glob("*/*"))):
            file.rename(folder / f"plane{number}")
        edit([file for file in folder.iterdir() if file.is_file()], StudyInstanceUID="1.2.4")

    return write


def mr_series(folder: Path) -> None:
    write_dicom_series(folder, values(), SPACING, description="T2 TSE", modality="MR")


def slices(count: int):
    return lambda folder: write_dicom_series(folder, values(count), SPACING, description="bolus tracking")


def radiograph(folder: Path) -> None:
    write_dicom_series(folder, values(1), SPACING, description="Abdomen erect")
    edit(folder, Modality="DX", ImagePositionPatient=None, ImageOrientationPatient=None)


def other_modality(modality: str, count: int = 6):
    def write(folder: Path) -> None:
        write_dicom_series(folder, values(count), SPACING)
        edit(folder, Modality=modality)

    return write


def capture(folder: Path) -> None:
    write_dicom_series(folder, values(), SPACING, image_type=("DERIVED", "SECONDARY", "SCREEN SAVE"))
    edit(folder, SOPClassUID=pydicom.uid.SecondaryCaptureImageStorage)


def colour_pages(folder: Path) -> None:
    write_dicom_series(folder, values(), SPACING)
    edit(folder, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, PixelData=bytes(8 * 7 * 3))
    edit(folder, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0, ImagePositionPatient="")


def dose_page(folder: Path) -> None:
    write_dicom_series(folder, values(1), SPACING, description="Dose report")
    edit(folder, ImagePositionPatient="", ImageOrientationPatient="")


def without_pixels(storage: str, modality: str):
    def write(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        new_image(folder / "object", storage, "report", modality, "1.2.3.9", 99).save_as(folder / "object")

    return write


def dose_without_frames(folder: Path) -> None:
    write_dicom_series(folder, values(1), SPACING)
    edit(folder, Modality="RTDOSE", SOPClassUID=pydicom.uid.RTDoseStorage, PixelSpacing=[10, 10])
    edit(folder, GridFrameOffsetVector=[0, 3, 6], FrameIncrementPointer=0x3004000C)


def one_bit_segmentation(folder: Path) -> None:
    write_dicom_series(folder, values(1), SPACING)
    edit(folder, Modality="SEG", SOPClassUID=pydicom.uid.SegmentationStorage, NumberOfFrames=3)
    edit(folder, BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0, PixelData=bytes(22))


def ultrasound(folder: Path) -> None:
    write_enhanced(folder / "US", values(), SPACING)
    edit(folder, Modality="US", SOPClassUID=pydicom.uid.UltrasoundMultiFrameImageStorage)
    edit(folder, PerFrameFunctionalGroupsSequence=None, SharedFunctionalGroupsSequence=None)


def left_out(write, what: str, reason: str):
    return pytest.param(write, reason, marks=pytest.mark.situation(f"{what} beside a CT", "left out by name"))


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        left_out(scout, "A scout view", "a localizer"),
        left_out(many_scouts, "A series of scout views", "a localizer"),
        left_out(three_planes(1), "A localizer of three planes without its mark", "a localizer"),
        left_out(three_planes(9), "A localizer of three planes with many slices", "a localizer"),
        left_out(mr_series, "An MR series", "DICOM modality MR"),
        left_out(other_modality("PT"), "A PET", "DICOM modality PT"),
        left_out(slices(1), "A single slice", "1 slice, a scan has at least 5"),
        left_out(slices(3), "A series of three slices", "3 slices, a scan has at least 5"),
        left_out(radiograph, "A radiograph", "DICOM modality DX"),
        left_out(capture, "A screen capture", "a secondary capture"),
        left_out(colour_pages, "Pages in colour", "images in colour without a place in space"),
        left_out(dose_page, "A dose page with an empty position", "1 slice without a place in space"),
        left_out(without_pixels(pydicom.uid.BasicTextSRStorage, "SR"), "A report (SR)", "DICOM modality SR"),
        left_out(without_pixels(pydicom.uid.RTStructureSetStorage, "RTSTRUCT"), "An RT structure set", "RTSTRUCT"),
        left_out(
            without_pixels(pydicom.uid.GrayscaleSoftcopyPresentationStateStorage, "PR"), "A presentation state", "PR"
        ),
        left_out(without_pixels(pydicom.uid.KeyObjectSelectionDocumentStorage, "KO"), "A key object", "KO"),
        left_out(without_pixels(pydicom.uid.RawDataStorage, "CT"), "Raw data of a scanner", "no image"),
        left_out(other_modality("SR"), "A report with pixels", "DICOM modality SR"),
        left_out(dose_without_frames, "A dose without its number of frames", "DICOM modality RTDOSE"),
        left_out(one_bit_segmentation, "A segmentation of one bit", "DICOM modality SEG"),
        left_out(ultrasound, "An ultrasound film", "DICOM modality US"),
    ],
)
def test_what_is_no_ct_is_left_out_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture, write, reason) -> None:
    write(tmp_path / "other")
    with pytest.raises(InputError, match=rf"^{tmp_path / 'other'}/.*{reason}.*, not a CT; choose another series\.$"):
        image_cases(tmp_path, "CT")
    write_dicom_series(tmp_path / "good", values(), SPACING)
    with caplog.at_level(logging.WARNING):
        assert image_cases(tmp_path, "CT") == [{"image": str(tmp_path / "good")}]
    (line,) = (record.message for record in caplog.records if str(tmp_path / "other") in record.message)
    assert reason in line
    assert line.endswith(", left out.")


@pytest.mark.situation("A report, a segmentation or a dose in any task", "no scan")
@pytest.mark.parametrize("modality", ["SR", "PR", "KO", "SEG", "RTDOSE", "RTSTRUCT", "REG", "OT"])
def test_objects_with_pixels_are_no_scans_of_any_task(tmp_path: Path, modality: str) -> None:
    other_modality(modality)(tmp_path)
    with pytest.raises(InputError, match=rf"DICOM modality {modality}, not a volume"):
        image_cases(tmp_path)


def test_all_that_is_left_out_is_counted_when_nothing_is_left(tmp_path: Path) -> None:
    for name, write in (("a", scout), ("b", mr_series), ("c", dose_page)):
        write(tmp_path / name)
    with pytest.raises(
        InputError, match=r"/a/\S+: a localizer, not a CT \(3 series or files, none fits\); choose another"
    ):
        image_cases(tmp_path, "CT")


@pytest.mark.situation(
    "A scout slice inside a series", "left out by name, the scan is kept", source="users of dcm2niix"
)
@pytest.mark.parametrize("image_type", [SCOUT, ("ORIGINAL", "PRIMARY", "AXIAL")])
@pytest.mark.parametrize("orientation", [(0, 1, 0, 0, 0, -1), (0.9848, 0.1736, 0, -0.1736, 0.9848, 0)])
def test_slice_of_another_orientation_in_a_series(tmp_path: Path, caplog, image_type, orientation) -> None:
    folder = tmp_path / "scan"
    write_dicom_series(folder, values(1)[:4], SPACING, uid="1.2.3", image_type=image_type, orientation=orientation)
    (alien,) = folder.iterdir()
    alien = alien.rename(folder / "alien")
    write_dicom_series(folder, values(), SPACING, uid="1.2.3")
    edit(folder, StudyInstanceUID="1.2.4")
    with caplog.at_level(logging.WARNING):
        assert image_cases(tmp_path) == [{"image": str(folder)}]
    assert f"{alien}: " in caplog.text
    assert len(get_dicom_series(folder).files) == 6


@pytest.mark.situation("A page without a place inside a series", "left out by name, the scan is kept")
def test_page_in_a_series(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "scan"
    write_dicom_series(folder, values(), SPACING, uid="1.2.3")
    write_dicom_series(folder / "more", values(1)[:5], SPACING, uid="1.2.3")
    (page,) = (folder / "more").iterdir()
    page = page.rename(folder / "page")
    edit(page, ImagePositionPatient="", ImageOrientationPatient="")
    edit([file for file in folder.iterdir() if file.is_file()], StudyInstanceUID="1.2.4")
    with caplog.at_level(logging.WARNING):
        assert image_cases(tmp_path) == [{"image": str(folder)}]
    assert f"{page}: without a place in space" in caplog.text


def test_planes_of_many_slices_in_one_series_are_a_failure(tmp_path: Path) -> None:
    three_planes(20)(tmp_path / "planes")
    (case,) = image_cases(tmp_path)
    with pytest.raises(InputError, match="planes: slices of several orientations; export each plane as its own"):
        get_dicom_series(case["image"])


def test_localizer_without_uid_and_description_is_no_part_of_the_scan(tmp_path: Path) -> None:
    empty = {"uid": "", "description": "", "number": None}
    write_dicom_series(tmp_path / "scan", values(), SPACING, **empty)
    write_dicom_series(tmp_path / "scan", values(1), SPACING, **empty, image_type=SCOUT)
    assert image_cases(tmp_path, "CT") == [{"image": str(tmp_path / "scan")}]
    assert len(get_dicom_series(tmp_path / "scan").files) == 6


@pytest.mark.situation("A disc's index (DICOMDIR)", "passed over")
def test_index_of_a_disc_is_no_series(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_dicom_series(tmp_path / "disc" / "scan", values(), SPACING)
    (file, *_) = (tmp_path / "disc" / "scan").iterdir()
    index = dcmread(file)
    index.file_meta.MediaStorageSOPClassUID = pydicom.uid.MediaStorageDirectoryStorage
    index.save_as(tmp_path / "disc" / "DICOMDIR", enforce_file_format=False)
    with caplog.at_level(logging.WARNING):
        assert image_cases(tmp_path) == [{"image": str(tmp_path / "disc" / "scan")}]
    assert not caplog.records


def test_scout_of_a_series_in_a_folder_of_its_own(tmp_path: Path) -> None:
    study = {"StudyInstanceUID": "1.2.4"}
    write_dicom_series(tmp_path / "study" / "scan", values(), SPACING, uid="1.2.3")
    write_dicom_series(tmp_path / "study" / "scout", values(1), SPACING, uid="1.2.3", image_type=SCOUT)
    edit([*(tmp_path / "study").glob("*/*")], **study)
    assert image_cases(tmp_path) == [{"image": str(tmp_path / "study" / "scan")}]
