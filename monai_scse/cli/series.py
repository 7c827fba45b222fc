"""The DICOM series of a folder, as ``monai-scse segment`` lists and chooses them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ..runtime import InputError

__all__ = ["list_series", "path_of_series"]


def list_series(folders: Sequence[Path], as_json: bool) -> None:
    """Print a line for each series: case name, modality, slices, and its path or why it is refused.

    Args:
        folders: where they are.
        as_json: whether to print them for scripts.

    Raises:
        InputError: when there is none.
    """
    from ..dicom import find_dicom_series, series_table

    found = [series for folder in folders for series in find_dicom_series(folder)]
    if not found:
        raise InputError(f"{', '.join(map(str, folders))}: no DICOM series found; give the folder of an export.")
    rows = [
        {**row, "modality": series.modality, "slices": len(series.slices), "path": series.path, "refused": reason}
        for series, row in zip(found, series_table(found))
        for reason in [series.rejection_reason()]
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['case']}\t{row['modality']}\t{row['slices']} slices\t{row['refused'] or row['path']}")


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
