"""A run reads the header of a DICOM file once, and the full header again only for DICOM SEG."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from monai.data import MetaTensor
from support.dicom_files import write_dicom_series

from monai_scse.data import image_cases
from monai_scse.dicom import find_dicom_series, headers, segmentation
from monai_scse.handlers import DicomSegmentation, SegmentationReport
from monai_scse.labels import Structure
from monai_scse.transforms import LoadScand

SERIES, SLICES = 6, 12
STRUCTURES = [Structure("background", (0, 0, 0)), Structure("liver", (200, 100, 50))]


def volume(slices: int = SLICES) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1000, (40, 30, slices)).astype(np.float32)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()
    original = pydicom.dcmread

    def counted(file, *args, **kwargs):
        counts[str(file)] += 1
        return original(file, *args, **kwargs)

    monkeypatch.setattr(headers.pydicom, "dcmread", counted)
    monkeypatch.setattr(segmentation, "dcmread", counted)
    return counts


def test_cases_loader_report_and_seg_share_one_read_a_file(tmp_path: Path, reads: Counter[str]) -> None:
    for number in range(SERIES):
        write_dicom_series(tmp_path / "scans", volume(), (1, 1, 2), uid=f"1.2.3.1000000{number}")
    files = {str(file) for file in (tmp_path / "scans").iterdir()}
    cases = image_cases(tmp_path / "scans", "CT")
    assert len(cases) == SERIES
    images = [LoadScand("image")(case)["image"] for case in cases]
    preds = [MetaTensor((image > 0).float(), meta=image.meta) for image in images]
    engine = SimpleNamespace(state=SimpleNamespace(output=[{"pred": pred} for pred in preds]))
    SegmentationReport(str(tmp_path / "out"), STRUCTURES).save_batch(engine)
    assert len(list((tmp_path / "out").glob("*_overlay.png"))) == SERIES
    assert reads == dict.fromkeys(files, 1)
    DicomSegmentation(str(tmp_path / "out"), STRUCTURES).save_batch(engine)
    assert len(list((tmp_path / "out").glob("*_seg.dcm"))) == SERIES
    assert reads == dict.fromkeys(files, 2)


def test_header_of_a_changed_file_is_read_again(tmp_path: Path) -> None:
    write_dicom_series(tmp_path, volume(), (1, 1, 2))
    assert [item.description for item in find_dicom_series(tmp_path)] == ["Abdomen portal"]
    for file in tmp_path.iterdir():
        header = pydicom.dcmread(file)
        header.SeriesDescription = "Thorax, native"
        header.save_as(file)
    assert [item.description for item in find_dicom_series(tmp_path)] == ["Thorax, native"]
