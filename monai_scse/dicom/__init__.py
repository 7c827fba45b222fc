"""DICOM: series in, segmentation out."""

from __future__ import annotations

from .reader import DicomSeriesReader
from .search import dicom_cases, find_dicom_series, get_dicom_series, series_table
from .segmentation import save_dicom_segmentation
from .series import DicomSeries

__all__ = [
    "DicomSeries",
    "DicomSeriesReader",
    "dicom_cases",
    "find_dicom_series",
    "get_dicom_series",
    "save_dicom_segmentation",
    "series_table",
]
