"""Writes DICOM series as scanners and archives leave them, good and bad ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
STORAGE = {"CT": CTImageStorage, "MR": MRImageStorage}
ENHANCED_STORAGE = {"CT": EnhancedCTImageStorage, "MR": EnhancedMRImageStorage}


def new_image(path: Path, storage: str, description: str, modality: str, uid: str, number: int | None) -> FileDataset:
    """The header of an image of a synthetic patient, without pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    item = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    item.SOPClassUID, item.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    item.PatientName, item.PatientID, item.PatientBirthDate, item.PatientSex = "Synthetic^Torso", "0", "", "O"
    item.StudyDate, item.StudyTime, item.StudyID = "20200101", "000000", "1"
    item.AccessionNumber, item.ReferringPhysicianName = "", ""
    item.SeriesInstanceUID, item.SeriesNumber, item.SeriesDescription = uid, number, description
    item.Modality, item.PositionReferenceIndicator = modality, ""
    return item


def set_pixels(item: Dataset, stored: np.ndarray) -> None:
    """Set the stored values of an image, (rows, columns) or (frames, rows, columns), int16 or uint16."""
    item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
    item.Rows, item.Columns = stored.shape[-2:]
    item.BitsAllocated, item.BitsStored, item.HighBit = 16, 16, 15
    item.PixelRepresentation = int(stored.dtype == np.int16)
    item.PixelData = np.ascontiguousarray(stored).tobytes()


def edit(files: Path | str | Iterable[Path | str], **values: Any) -> None:
    """Set elements of DICOM files, None deletes one. A folder stands for its files."""
    if isinstance(files, (str, Path)):
        files = sorted(Path(files).iterdir()) if Path(files).is_dir() else [files]
    for file in files:
        item = dcmread(file)
        for keyword, value in values.items():
            if value is not None:
                setattr(item, keyword, value)
            elif keyword in item:
                del item[keyword]
        item.save_as(file, enforce_file_format=False)


def write_dicom_series(
    folder: Path,
    volume: np.ndarray,
    spacing: Sequence[float],
    origin: Sequence[float] = (-20.0, -25.0, -10.0),
    description: str = "Abdomen portal",
    modality: str = "CT",
    uid: str | None = None,
    positions: Sequence[Sequence[float]] | None = None,
    orientation: Sequence[float] = AXIAL,
    image_type: Sequence[str] = ("ORIGINAL", "PRIMARY", "AXIAL"),
    rescale_intercept: float = -1024,
    number: int | None = 3,
) -> str:
    """Write a volume (columns, rows, slices), axes to the left, back and head. Returns the series UID.

    Args:
        folder: receives the files, in an order that is not that of the slices.
        volume: the values after rescaling.
        spacing: column, row and slice distance in mm.
        origin: first voxel, mm, LPS.
        description: series description.
        modality: CT or MR.
        uid: series instance UID, empty as some anonymisers leave it, or None for a new one.
        positions: of each slice, mm, LPS. None for even axial slices.
        orientation: direction of rows and of columns.
        image_type: DICOM's Image Type.
        rescale_intercept: subtracted before storing.
        number: series number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    uid = generate_uid() if uid is None else uid
    study, frame_of_reference = generate_uid(), generate_uid()
    stored = np.rint(volume - rescale_intercept).astype(np.int16)
    for index in range(volume.shape[2]):
        name = folder / f"IM{(index * 7 + 3) % 1000:04}_{generate_uid()[-6:]}"
        item = new_image(name, STORAGE[modality], description, modality, uid, number)
        item.StudyInstanceUID = study
        item.FrameOfReferenceUID, item.ImageType, item.InstanceNumber = frame_of_reference, list(image_type), index + 1
        position = positions[index] if positions is not None else (*origin[:2], origin[2] + index * spacing[2])
        item.ImagePositionPatient = [float(part) for part in position]
        item.ImageOrientationPatient = list(orientation)
        item.PixelSpacing, item.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        set_pixels(item, stored[:, :, index].T)
        item.RescaleIntercept, item.RescaleSlope = rescale_intercept, 1
        item.save_as(name, enforce_file_format=True)
    return uid


def write_enhanced(
    path: Path,
    volume: np.ndarray,
    spacing: Sequence[float],
    positions: Sequence[Sequence[float]] | None = None,
    orientation: Sequence[float] = AXIAL,
    modality: str = "CT",
    description: str = "Abdomen portal",
    uid: str | None = None,
    slopes: Sequence[float] | None = None,
    are_shared: Sequence[str] = ("plane", "measures"),
) -> FileDataset:
    """Write a volume (columns, rows, frames) as one enhanced multi-frame image. Returns its header.

    Args:
        path: the file.
        volume: the values after rescaling.
        spacing: column, row and slice distance in mm.
        positions: of each frame, mm, LPS. None for even axial frames.
        orientation: direction of rows and of columns, of all frames.
        modality: CT or MR.
        description: series description.
        uid: series instance UID, or None for a new one.
        slopes: of the rescaling of each frame, beside an intercept of -1024. None for 1.
        are_shared: which of ``plane`` and ``measures`` all frames share.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    item = new_image(path, ENHANCED_STORAGE[modality], description, modality, uid or generate_uid(), 3)
    item.StudyInstanceUID, item.FrameOfReferenceUID = generate_uid(), generate_uid()
    item.ImageType, item.InstanceNumber = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], 1
    count = volume.shape[2]
    item.NumberOfFrames = count
    slopes = slopes or [1.0] * count
    stored = np.rint((volume + 1024) / slopes).astype(np.int16)
    set_pixels(item, stored.T)
    measures, plane, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [spacing[1], spacing[0]], spacing[2]
    plane.ImageOrientationPatient = [float(part) for part in orientation]
    frames = []
    for index in range(count):
        frame, place, values = Dataset(), Dataset(), Dataset()
        position = positions[index] if positions is not None else (-20, -25, -10 + index * spacing[2])
        place.ImagePositionPatient = [float(part) for part in position]
        values.RescaleIntercept, values.RescaleSlope, values.RescaleType = -1024, slopes[index], "HU"
        frame.PlanePositionSequence, frame.PixelValueTransformationSequence = [place], [values]
        frames.append(frame)
    for name, keyword, group in (
        ("plane", "PlaneOrientationSequence", plane),
        ("measures", "PixelMeasuresSequence", measures),
    ):
        for target in [shared] if name in are_shared else frames:
            setattr(target, keyword, [group])
    item.SharedFunctionalGroupsSequence, item.PerFrameFunctionalGroupsSequence = [shared], frames
    item.save_as(path, enforce_file_format=True)
    return item
