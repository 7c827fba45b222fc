"""Segmentations as DICOM SEG, for the archive that the scan came from."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from monai.utils import optional_import

from ..labels import Structure, structure_codes
from ..runtime import InputError, atomic_write
from .series import DicomSeries

dcmread, _ = optional_import("pydicom", name="dcmread")  # a network alone does not need it

__all__ = ["save_dicom_segmentation"]

# of DICOM's own dictionary
_ANATOMICAL_STRUCTURE = ("91723000", "SCT", "Anatomical Structure")
# a SEG names its scan by these, anonymisers may have emptied them
_REFERRED_TO = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPClassUID", "SOPInstanceUID")


def _segment_description(number: int, structure: Structure) -> Any:
    """Label, code, side and colour of a segment. DICOM codes the side apart from the organ."""
    from highdicom import AlgorithmIdentificationSequence, seg
    from highdicom.color import CIELabColor
    from highdicom.sr import CodedConcept

    kind, side = structure_codes(structure)
    description = seg.SegmentDescription(
        segment_number=number,
        segment_label=structure.name,
        segmented_property_category=CodedConcept(*_ANATOMICAL_STRUCTURE),
        segmented_property_type=CodedConcept(*(kind or _ANATOMICAL_STRUCTURE)),
        algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name="monai_scse",
            version=version("monai-scse"),
            family=CodedConcept("123110", "DCM", "Artificial Intelligence"),
        ),
        display_color=CIELabColor.from_rgb(*structure.colour),
    )
    if side is not None:
        property_type = description.SegmentedPropertyTypeCodeSequence[0]
        property_type.SegmentedPropertyTypeModifierCodeSequence = [CodedConcept(*side)]
    return description


def _in_order_of_files(classes: np.ndarray, series: DicomSeries) -> np.ndarray:
    """The classes of each frame, (frames, rows, columns), in the order of the files. Frames left out have none."""
    starts, count = {}, 0
    for item in series.slices:
        if item.image not in starts:
            starts[item.image] = count
            count += len(item.image.frames)
    frames = np.zeros((count, *classes.shape[1::-1]), np.uint8)
    for index, item in enumerate(series.slices):
        frames[starts[item.image] + item.frame.index] = classes[:, :, index].T
    return frames


def save_dicom_segmentation(
    path: str | Path, classes: np.ndarray, series: DicomSeries, structures: Sequence[Structure]
) -> None:
    """Write a segmentation as a DICOM SEG object that refers to the slices of its scan.

    A SEG copies patient, study and acquisition, so the full headers of the series are read here.

    Args:
        path: the file.
        classes: class indices on the grid of the series, (columns, rows, slices).
        series: the scan.
        structures: names, codes and colours of the classes, index 0 is background.

    Raises:
        InputError: when the headers lack what a SEG needs.
    """
    from highdicom import UID
    from highdicom.seg import Segmentation, SegmentationTypeValues

    headers = [dcmread(file, stop_before_pixels=True) for file in series.files]
    try:
        for keyword in _REFERRED_TO:
            if not all(header.get(keyword) for header in headers):
                raise ValueError(f"{keyword} is missing or empty; let the anonymiser replace UIDs, not empty them")
        segmentation = Segmentation(
            source_images=headers,
            pixel_array=_in_order_of_files(classes, series),
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=[
                _segment_description(number, structure) for number, structure in enumerate(structures) if number
            ],
            series_instance_uid=UID(),
            series_number=int(headers[0].get("SeriesNumber") or 0) + 1000,
            sop_instance_uid=UID(),
            instance_number=1,
            manufacturer="monai_scse",
            manufacturer_model_name="monai_scse",
            software_versions=version("monai-scse"),
            device_serial_number="0",
            content_label="SEGMENTATION",
            series_description=f"{series.description} segmentation".strip(),
        )
    except (AttributeError, ValueError) as error:  # highdicom copies patient, study and frame of reference
        raise InputError(
            f"{series.path}: no DICOM SEG can be made, its headers are incomplete: {str(error).rstrip('.')}."
        ) from error
    atomic_write(path, segmentation.save_as)
