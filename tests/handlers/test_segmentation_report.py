"""Files of a run, and what a page that fails leaves."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel
import pytest
import torch
from monai.data import MetaTensor
from monai.utils import ImageMetaKey
from support.dicom_files import edit, write_dicom_series
from support.report_cases import AFFINE, BRAIN, brain_prediction, brain_scan

from monai_scse.data import image_cases, unfinished_cases
from monai_scse.handlers import SegmentationReport, segmentation_report
from monai_scse.reports import CasePage, write_cohort_page
from monai_scse.transforms import LoadScand

NIIVUE = (Path(__file__).parents[2] / "monai_scse/reports/static/niivue-0.69.0.umd.js").read_bytes()


class FullDisk(CasePage):
    """A page that cannot be made."""

    def write(self, *args: Any, **kwargs: Any) -> None:
        raise OSError("no space left on device")


@pytest.fixture
def engine(tmp_path: Path) -> SimpleNamespace:
    scan = tmp_path / "t1.nii.gz"
    nibabel.save(nibabel.Nifti1Image(brain_scan(), AFFINE), scan)
    pred = brain_prediction(**{ImageMetaKey.FILENAME_OR_OBJ: str(scan)})
    return SimpleNamespace(state=SimpleNamespace(output=[{"pred": pred}]))


def test_pages_lie_beside_table_and_picture(engine: SimpleNamespace, tmp_path: Path) -> None:
    SegmentationReport(str(tmp_path / "out"), BRAIN, page=CasePage(BRAIN)).save_batch(engine)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "t1_volumes.csv",
        "volumes.csv",
        "t1_overlay.png",
        "t1_report.html",
    }


def test_scan_is_read_once_for_picture_and_page(
    engine: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    class CountedLoad(LoadScand):
        def __call__(self, data: Any, reader: Any = None) -> Any:
            reads.append(data)
            return super().__call__(data, reader)

    monkeypatch.setattr(segmentation_report, "LoadScand", CountedLoad)
    SegmentationReport(str(tmp_path / "out"), BRAIN, page=CasePage(BRAIN)).save_batch(engine)
    assert len(reads) == 1


@pytest.mark.situation("a DICOM series with the patient's name", "no report, table or file name has it")
def test_report_of_a_series_names_no_patient(tmp_path: Path) -> None:
    write_dicom_series(tmp_path / "export", brain_scan().transpose(1, 0, 2), (1, 1, 2), modality="MR")
    edit(tmp_path / "export", PatientName="Featherstone^Jane", PatientID="471147", PatientBirthDate="19700131")
    (case,) = image_cases(tmp_path / "export", "MR")
    image = LoadScand("image")(case)["image"]
    pred = MetaTensor((image > 100).to(torch.uint8), meta=image.meta)
    SegmentationReport(str(tmp_path / "out"), BRAIN[:2], page=CasePage(BRAIN[:2])).save_case(pred)
    write_cohort_page(tmp_path / "out")
    written = list((tmp_path / "out").iterdir())
    assert {file.suffix for file in written} == {".csv", ".png", ".html"}
    for file in written:
        for secret in (b"Featherstone", b"471147", b"19700131"):
            assert secret not in file.read_bytes().replace(NIIVUE, b"")
            assert secret not in file.name.encode()


@pytest.mark.situation(
    "a report that cannot be written", "segmentation, table and picture stay, the case counts as failed"
)
def test_page_that_fails_costs_the_page_alone(engine: SimpleNamespace, tmp_path: Path) -> None:
    report = SegmentationReport(str(tmp_path / "out"), BRAIN, page=FullDisk(BRAIN))
    with pytest.raises(OSError, match="no space left"):
        report.save_batch(engine)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"t1_volumes.csv", "volumes.csv", "t1_overlay.png"}


def test_case_without_its_page_is_not_complete(tmp_path: Path) -> None:
    case = {"image": str(tmp_path / "t1.nii.gz")}
    nibabel.save(nibabel.Nifti1Image(brain_scan(), AFFINE), tmp_path / "t1_seg.nii.gz")
    (tmp_path / "t1_volumes.csv").write_text("structure\nliver\n")
    assert unfinished_cases([case], tmp_path, True) == []
    assert unfinished_cases([case], tmp_path, True, report="true") == [case]
    (tmp_path / "t1_report.html").write_text("<html>")
    assert unfinished_cases([case], tmp_path, True, report=True) == []
