"""The DICOM series of a folder, as ``monai-scse segment`` lists and chooses them."""

from __future__ import annotations

from pathlib import Path

import click

from ..runtime import InputError

__all__ = ["list_series", "path_of_series"]


def list_series(folder: Path) -> None:
    """Print a line for each series: case name, modality, slices, and its path or why it is refused."""
    from ..dicom import find_dicom_series

    for series in find_dicom_series(folder):
        reason = series.rejection_reason()
        click.echo(f"{series.name}\t{series.modality}\t{len(series.slices)} slices\t{reason or series.path}")


def path_of_series(folder: Path, wanted: str) -> str:
    """The path of the series of this case name, number or UID.

    Raises:
        InputError: when there is none, or several.
    """
    from ..dicom import find_dicom_series

    found = find_dicom_series(folder)
    matching = [series for series in found if wanted in (series.name, series.number, series.uid)]
    if len(matching) != 1:
        names = ", ".join(f"{series.name} (number {series.number or 'not given'})" for series in found) or "none"
        raise InputError(f"{folder}: {len(matching)} series are named {wanted}; choose one of: {names}.")
    return matching[0].path
