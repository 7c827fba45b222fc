"""What a folder of images holds beside them is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_scse.data import image_cases


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.nii.gz").write_bytes(b"")
    return tmp_path


@pytest.mark.situation("Images of a format that is not read (MINC, zstandard) beside scans", "left out by name")
@pytest.mark.parametrize("name", ["b.mnc", "b.nii.zst", "B.NII.BZ2"])
def test_other_formats(folder: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    (folder / name).write_bytes(b"")
    assert len(image_cases(folder)) == 1
    assert f"{folder / name}: left out, no format that is read here; convert it to NIfTI." in caplog.text


@pytest.mark.situation("Folders beside scans", "one log line says that they are not searched")
def test_folders(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("c", "b", ".hidden"):
        (folder / name).mkdir()
    image_cases(folder)
    assert f"{folder}: holds images, so its folders are not searched: b, c." in caplog.text


def test_tables_and_texts_need_no_word(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "ages.csv").write_text("a,30")
    image_cases(folder)
    assert not caplog.text


@pytest.mark.situation("Segmentations of an earlier run beside their scans", "left out by name")
@pytest.mark.parametrize("name", ["a_seg.nii.gz", "a.seg.nrrd"])
def test_segmentations(folder: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    (folder / name).write_bytes(b"")
    assert [Path(case["image"]).name for case in image_cases(folder)] == ["a.nii.gz"]
    assert f"{folder / name}: left out, the segmentation of a." in caplog.text
