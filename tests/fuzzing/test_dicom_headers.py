"""DICOM series with any value in a header: a right segmentation, or one line that names the file."""

from __future__ import annotations

import logging
import shutil
import struct
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.utils import ensure_tuple
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from support.dicom_files import write_dicom_series
from support.tiny_runs import TinyRun, check_outcome

_DECIMAL = st.one_of(
    st.sampled_from(["", "0", "-1", "1e30", "-0.0", "nan", "inf", "abc", "1,5", "1e-9", "3.0000001"]),
    st.floats(-1e4, 1e4).map(lambda number: f"{number:.9g}"),
)
_COUNT = st.sampled_from([0, 1, 2, 6, 7, 8, 12, 16, 24, 31, 32, 64, 65535])
_WORD = st.sampled_from(
    ["", "CT", "MR", "SEG", "\\", "LOCALIZER", "DERIVED\\SECONDARY", "ORIGINAL\\PRIMARY\\MOSAIC", "x" * 70]
)
_VALUES: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "ImagePositionPatient": ("DS", st.lists(_DECIMAL, max_size=4)),
    "ImageOrientationPatient": ("DS", st.lists(_DECIMAL, max_size=7)),
    "PixelSpacing": ("DS", st.lists(_DECIMAL, max_size=3)),
    "SliceThickness": ("DS", _DECIMAL),
    "SpacingBetweenSlices": ("DS", _DECIMAL),
    "RescaleSlope": ("DS", _DECIMAL),
    "RescaleIntercept": ("DS", _DECIMAL),
    "NumberOfFrames": ("IS", st.sampled_from(["", "0", "1", "6", "-1", "abc", "99999"])),
    "InstanceNumber": ("IS", st.sampled_from(["", "1", "-1", "abc", "99999999999"])),
    "Rows": ("US", _COUNT),
    "Columns": ("US", _COUNT),
    "BitsAllocated": ("US", _COUNT),
    "BitsStored": ("US", _COUNT),
    "HighBit": ("US", _COUNT),
    "SamplesPerPixel": ("US", _COUNT),
    "PixelRepresentation": ("US", _COUNT),
    "Modality": ("CS", _WORD),
    "ImageType": ("CS", _WORD),
    "SeriesInstanceUID": ("UI", st.sampled_from(["", "1.2.3", "abc", "1." * 40])),
    "PhotometricInterpretation": ("CS", st.sampled_from(["", "MONOCHROME1", "RGB", "PALETTE COLOR", "YBR_FULL"])),
    "SeriesDescription": ("LO", st.text(max_size=70)),
}
_EDIT = st.sampled_from(sorted(_VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), st.one_of(st.none(), _VALUES[name][1]))
)
EDITS = st.lists(st.tuples(_EDIT, st.sampled_from(["one", "all"])), min_size=1, max_size=2)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "ct"
    write_dicom_series(folder, np.random.default_rng(0).normal(-100, 300, (14, 13, 8)), (9, 9, 6))
    return folder


@pytest.fixture(scope="module")
def ct(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    return TinyRun("ct", tmp_path_factory.mktemp("ct"))


def edit(file: Path, name: str, value: Any) -> None:
    """Set an element to a value, whatever its kind allows. None removes it."""
    item = dcmread(file)
    if name in item:
        del item[name]
    if value is not None:
        kind = _VALUES[name][0]
        raw = struct.pack("<H", value) if kind == "US" else "\\".join(ensure_tuple(value)).encode()
        item[name] = RawDataElement(
            Tag(name), kind, len(raw) + len(raw) % 2, raw + b" " * (len(raw) % 2), 0, False, True
        )
    item.save_as(file, enforce_file_format=False)


def check(ct: TinyRun, series: Path, edits: list) -> None:
    folder = ct.output.parent / "edited"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(series, folder)
    files = sorted(folder.iterdir())
    for (name, value), where in edits:
        for file in files if where == "all" else files[3:4]:
            edit(file, name, value)
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("monai_scse").addHandler(handler)
    try:
        outcome = check_outcome(ct, folder)
    finally:
        logging.getLogger("monai_scse").removeHandler(handler)
    if outcome.segmentation is not None and not any(where == "all" for _, where in edits):
        shape = nibabel.load(outcome.segmentation).shape
        assert shape == (14, 13, 8) or any("left out" in line for line in lines)


@given(edits=EDITS)
@settings(derandomize=True, max_examples=12)
def test_any_value(ct, series, edits):
    check(ct, series, edits)


@pytest.mark.long
@given(edits=EDITS)
@settings(max_examples=2000)
def test_many_values(ct, series, edits):
    check(ct, series, edits)
