"""DICOM: series in, segmentation out."""

from __future__ import annotations

from .segmentation import save_dicom_segmentation
from .series import DicomSeries, find_dicom_series, get_dicom_series

__all__ = [
    "DicomSeries",
    "find_dicom_series",
    "get_dicom_series",
    "save_dicom_segmentation",
]
