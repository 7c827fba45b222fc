"""Writes DICOM series as scanners and archives leave them, good and bad ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
STORAGE = {"CT": CTImageStorage, "MR": MRImageStorage}


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
    """Write a volume (columns, rows, slices), axes to the left, back and head; returns the series UID.

    Args:
        folder: receives the files, in an order that is not that of the slices.
        volume: the values after rescaling.
        spacing: column, row and slice distance in mm.
        origin: first voxel, mm, LPS.
        description: series description.
        modality: CT or MR.
        uid: series instance UID, empty as some anonymisers leave it, or None for a new one.
        positions: of each slice, mm, LPS; None for even axial slices.
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
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = STORAGE[modality]
        meta.MediaStorageSOPInstanceUID = item_uid = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        name = folder / f"IM{(index * 7 + 3) % 1000:04}_{item_uid[-6:]}"
        item = FileDataset(str(name), {}, file_meta=meta, preamble=bytes(128))
        item.SOPClassUID, item.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        item.PatientName, item.PatientID, item.PatientBirthDate, item.PatientSex = "Synthetic^Torso", "0", "", "O"
        item.StudyInstanceUID, item.StudyDate, item.StudyTime, item.StudyID = study, "20200101", "000000", "1"
        item.AccessionNumber, item.ReferringPhysicianName = "", ""
        item.SeriesInstanceUID, item.SeriesNumber, item.SeriesDescription = uid, number, description
        item.FrameOfReferenceUID, item.PositionReferenceIndicator = frame_of_reference, ""
        item.Modality, item.ImageType, item.InstanceNumber = modality, list(image_type), index + 1
        position = positions[index] if positions is not None else (*origin[:2], origin[2] + index * spacing[2])
        item.ImagePositionPatient = [float(part) for part in position]
        item.ImageOrientationPatient = list(orientation)
        item.PixelSpacing, item.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
        item.Rows, item.Columns = volume.shape[1], volume.shape[0]
        item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 16, 16, 15, 1
        item.RescaleIntercept, item.RescaleSlope = rescale_intercept, 1
        item.PixelData = np.ascontiguousarray(stored[:, :, index].T).tobytes()
        item.save_as(name, enforce_file_format=True)
    return uid
