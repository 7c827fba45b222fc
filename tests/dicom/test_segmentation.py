"""DICOM SEG objects: opened again by highdicom, voxel by voxel in the place they came from."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import highdicom
import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from pydicom import dcmread
from support.dicom_files import write_dicom_series, write_enhanced

from monai_scse.dicom import find_dicom_series, save_dicom_segmentation
from monai_scse.handlers import DicomSegmentation
from monai_scse.labels import organ_table
from monai_scse.runtime import InputError
from monai_scse.transforms import LoadScand

STRUCTURES = organ_table(
    [
        {"name": "liver", "colour": [221, 130, 101], "snomed": "10200004"},
        {"name": "right kidney", "colour": [212, 161, 106], "snomed": "64033007"},
        {"name": "left kidney", "colour": [185, 102, 83], "snomed": "64033007"},
        {"name": "my own organ", "colour": [1, 2, 3]},
    ]
)
SHAPE = (9, 8, 7)


@pytest.fixture
def series(tmp_path: Path):
    angle = np.radians(20)
    column = np.array([0, np.cos(angle), np.sin(angle)])
    normal = np.cross([1, 0, 0], column)
    volume = np.random.default_rng(0).normal(0, 200, SHAPE)
    positions = [np.array([-30, 12, 40]) + 2.5 * i * normal for i in range(SHAPE[2])]
    write_dicom_series(
        tmp_path / "series", volume, (1.5, 1.2, 2.5), positions=positions, orientation=(1, 0, 0, *column)
    )
    return find_dicom_series(tmp_path / "series")[0]


@pytest.fixture
def classes() -> np.ndarray:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[1:4, 2:7, 1:5] = 1
    labels[5:7, 1:3, 2:6] = 2
    labels[7, 5, 0] = 3
    return labels


def test_segments_lie_where_the_classes_are_in_space(series, classes, tmp_path):
    save_dicom_segmentation(tmp_path / "out" / "seg.dcm", classes, series, STRUCTURES)
    image = LoadScand("image")({"image": series.path})["image"]
    volume = highdicom.seg.segread(tmp_path / "out" / "seg.dcm").get_volume(combine_segments=True)
    indices = np.argwhere(volume.array > 0)
    world = nibabel.affines.apply_affine(volume.affine, indices) * [-1, -1, 1]  # LPS to RAS
    voxels = nibabel.affines.apply_affine(np.linalg.inv(image.affine.numpy()), world)
    np.testing.assert_allclose(voxels, np.rint(voxels), atol=1e-3)
    found = np.zeros(SHAPE, dtype=np.uint8)
    found[tuple(np.rint(voxels).astype(int).T)] = volume.array[tuple(indices.T)]
    np.testing.assert_array_equal(found, classes)


@pytest.mark.situation("DICOM SEG of an enhanced multi-frame scan", "its segments lie in the right frames")
def test_segments_of_an_enhanced_scan_lie_where_the_classes_are(classes, tmp_path):
    order = [3, 0, 6, 1, 5, 2, 4]
    volume = np.random.default_rng(0).normal(0, 200, SHAPE)
    positions = [(-30, 12, 40 + 2.5 * index) for index in order]
    write_enhanced(tmp_path / "scan" / "IM1", volume[:, :, order], (1.5, 1.2, 2.5), positions)
    series = find_dicom_series(tmp_path / "scan")[0]
    save_dicom_segmentation(tmp_path / "seg.dcm", classes, series, STRUCTURES)
    volume = highdicom.seg.segread(tmp_path / "seg.dcm").get_volume(combine_segments=True)
    indices = np.argwhere(volume.array > 0)
    world = nibabel.affines.apply_affine(volume.affine, indices)
    found = np.zeros(SHAPE, dtype=np.uint8)
    places = np.rint((world - [-30, 12, 40]) / [1.5, 1.2, 2.5]).astype(int)
    found[tuple(places.T)] = volume.array[tuple(indices.T)]
    np.testing.assert_array_equal(found, classes)


def test_segments_carry_name_code_side_and_colour(series, classes, tmp_path):
    save_dicom_segmentation(tmp_path / "seg.dcm", classes, series, STRUCTURES)
    segments = dcmread(tmp_path / "seg.dcm").SegmentSequence
    assert [segment.SegmentLabel for segment in segments] == [structure.name for structure in STRUCTURES[1:]]
    kinds = [segment.SegmentedPropertyTypeCodeSequence[0] for segment in segments]
    assert [kind.CodeValue for kind in kinds] == ["10200004", "64033007", "64033007", "91723000"]
    assert [kind.CodeMeaning for kind in kinds[:2]] == ["Liver", "Kidney"]
    sides = [kind.get("SegmentedPropertyTypeModifierCodeSequence") for kind in kinds]
    assert [side and side[0].CodeMeaning for side in sides] == [None, "Right", "Left", None]
    for segment, structure in zip(segments, STRUCTURES[1:]):
        colour = highdicom.color.CIELabColor.from_dicom_value(segment.RecommendedDisplayCIELabValue).to_rgb()
        np.testing.assert_allclose(colour, structure.colour, atol=2)


def test_refers_to_patient_study_and_slices_of_the_scan(series, classes, tmp_path):
    save_dicom_segmentation(tmp_path / "seg.dcm", classes, series, STRUCTURES)
    segmentation, source = dcmread(tmp_path / "seg.dcm"), dcmread(series.files[0])
    for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert segmentation[keyword].value == source[keyword].value
    assert segmentation.Modality == "SEG"
    assert segmentation.SeriesDescription == "Abdomen portal segmentation"
    assert segmentation.ReferencedSeriesSequence[0].SeriesInstanceUID == series.uid


def _engine(pred: torch.Tensor, file: str) -> SimpleNamespace:
    pred = MetaTensor(pred, meta={"filename_or_obj": file})
    return SimpleNamespace(state=SimpleNamespace(output=[{"pred": pred}]))


def test_handler_writes_series_and_names_other_files(series, classes, tmp_path, caplog, write_nifti):
    handler = DicomSegmentation(str(tmp_path / "out"), STRUCTURES)
    handler.save_batch(_engine(torch.from_numpy(classes)[None].float(), series.path))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["series_seg.dcm"]
    file = write_nifti(tmp_path / "scan.nii.gz", classes)
    with caplog.at_level(logging.WARNING):
        handler.save_batch(_engine(torch.from_numpy(classes)[None], str(file)))
    assert "scan.nii.gz: not a DICOM series, no DICOM SEG is written" in caplog.text
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("FrameOfReferenceUID", None, "FrameOfReferenceUID is missing"),
        ("FrameOfReferenceUID", "", "FrameOfReferenceUID is missing or empty"),
        ("SOPClassUID", "", "SOPClassUID is missing or empty"),
        ("SOPInstanceUID", "", "SOPInstanceUID is missing or empty"),
        ("StudyInstanceUID", "", "StudyInstanceUID is missing or empty"),
        ("SeriesInstanceUID", "", "SeriesInstanceUID is missing or empty"),
    ],
)
def test_incomplete_headers_are_named_and_nothing_is_written(series, classes, tmp_path, keyword, value, message):
    for file in series.files:
        header = dcmread(file)
        if value is None:
            del header[keyword]
        else:
            setattr(header, keyword, value)
        header.save_as(file, enforce_file_format=False)
    with pytest.raises(
        InputError, match=rf"{series.name}: no DICOM SEG can be made, its headers are incomplete: {message}"
    ):
        save_dicom_segmentation(tmp_path / "seg.dcm", classes, series, STRUCTURES)
    assert not list(tmp_path.glob("seg*"))
