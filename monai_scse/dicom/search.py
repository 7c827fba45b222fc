"""Finding DICOM series in folders as hospitals export them.

A series has a path. It is the folder that holds it, or ``<folder>/<name>`` where no such file exists. A process keeps
the series of each path it has found: loader, report and DICOM SEG find it without a search.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from ..runtime import InputError
from ..runtime.arguments import check_name, check_whole, flag_of, path_of
from .grouping import group_series
from .headers import DICOM_SUFFIXES, ImageHeader, read_header
from .names import answers_to, name_series
from .series import MIN_SLICES, DicomSeries

__all__ = ["dicom_cases", "find_dicom_series", "get_dicom_series", "series_of_file", "series_table"]

_logger = logging.getLogger(__name__)

_found: dict[str, DicomSeries] = {}


def find_dicom_series(folder: str | Path, recursive: bool = True) -> list[DicomSeries]:
    """All DICOM series in a folder whose slices have a place in space, localizers included, sorted by path.

    Args:
        folder: the folder to search.
        recursive: whether to search its folders, too.
    """
    return [series for series in _search(folder, recursive)[0] if series.has_places]


def _search(folder: str | Path, recursive: bool = True) -> tuple[list[DicomSeries], list[str]]:
    """All DICOM series in a folder, and lines about files that cannot be read."""
    root = Path(os.path.abspath(path_of("folder", folder)))
    recursive = flag_of("recursive", recursive)
    images: list[ImageHeader] = []
    unreadable = []
    for file in _files(root, recursive):
        image = read_header(file)
        if image is None:
            if file.suffix.lower() in DICOM_SUFFIXES:
                _logger.warning(f"{file}: no DICOM file or a damaged one, left out.")
        elif image.damage and not image.uid and not image.is_lost:
            unreadable.append(f"{file}: {image.damage}")
        else:
            images.append(image)
    series = sorted(name_series(group_series(images), root), key=lambda item: item.path)
    _found.update((item.path, item) for item in series)
    return series, unreadable


def _files(root: Path, recursive: bool) -> list[Path]:
    """The files of a folder, also behind links to folders, sorted. Hidden ones belong to programs."""
    files = []
    seen = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        is_new = real not in seen  # a link may lead to a folder above it
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if recursive and is_new and not name.startswith("."))
        if is_new:
            files += [Path(folder, name) for name in names if not name.startswith(".")]
    return sorted(file for file in files if file.is_file() or _is_lost_slice(file))


def _is_lost_slice(file: Path) -> bool:
    return file.is_symlink() and not file.exists() and file.suffix.lower() in ("", *DICOM_SUFFIXES)


def dicom_cases(
    folder: str | Path, modality: str | None = None, min_slices: int = MIN_SLICES, recursive: bool = True
) -> list[DicomSeries]:
    """The series of a folder that look like scans of a task. The log names all others and why they are left out.

    A series that looks like a scan and cannot be used is among them. Its :meth:`DicomSeries.check` tells why, when it
    is loaded.

    Args:
        folder: the folder to search.
        modality: DICOM's Modality of the series to take, for example ``"CT"``. None takes any.
        min_slices: the fewest slices of a scan.
        recursive: whether to search its folders, too.

    Raises:
        InputError: when there are DICOM files and no such series.
    """
    if modality is not None:
        check_name("modality", modality)
    check_whole("min_slices", min_slices, 1)
    series, refused = _search(folder, recursive)
    scans = []
    for item in series:
        reason = item.rejection_reason(modality, min_slices)
        if reason is None:
            scans.append(item)
        else:
            more = f" and {len(item.images) - 1} more" if len(item.images) > 1 else ""
            refused.append(f"{item.images[0].file}{more}: {reason}")
    if refused and not scans:
        more = f" ({len(refused)} series or files, none fits)" if len(refused) > 1 else ""
        raise InputError(f"{refused[0]}, not a {modality or 'volume'}{more}; choose another series.")
    for line in [*refused, *(line for item in scans for line in item.left_out)]:
        _logger.warning(f"{line}, left out.")
    return scans


def get_dicom_series(path: str | Path) -> DicomSeries | None:
    """The series that a path stands for, or None when there is none.

    Args:
        path: the path of a series, or a folder that holds exactly one scan. A file is none.

    Raises:
        InputError: when a folder holds several scans, or the series is not a volume.
    """
    path = Path(os.path.abspath(path_of("path", path)))
    series = None if path.is_file() else _known(path) or _find(path)
    if series is not None:
        series.check()
    return series


def _known(path: Path) -> DicomSeries | None:
    series = _found.get(str(path))
    is_current = series is not None and all(
        read_header(image.file) is image for image in series.images if not image.is_lost
    )
    return series if is_current else None


def _find(path: Path) -> DicomSeries | None:
    if path.is_dir():
        here = [item for item in _search(path)[0] if item.folder == path]
        scans = [item for item in here if item.rejection_reason() is None]
        if len(scans) > 1:
            names = ", ".join(item.name for item in scans)
            raise InputError(f"{path}: holds {len(scans)} series ({names}); add the name of one of them to the path.")
        return scans[0] if scans else None
    if path.exists() or not path.parent.is_dir():
        return None
    here = [item for item in _search(path.parent)[0] if item.folder == path.parent]
    found = [item for item in here if answers_to(item, path.name)]
    return min(found, key=lambda item: item.name != path.name) if found else None


def series_of_file(file: Path) -> DicomSeries | None:
    """The series that one file holds whole, as an enhanced image does. None where it is no DICOM file.

    Args:
        file: its absolute path.

    Raises:
        InputError: when it is one of several files of a series.
    """
    if read_header(file) is None:
        return None
    for series in find_dicom_series(file.parent, recursive=False):
        if series.files == [str(file)]:
            return series
    raise InputError(f"{file}: no series of its own, a slice perhaps; give the folder that holds the series.")


def series_table(series: Sequence[DicomSeries]) -> list[dict[str, str]]:
    """A row for each series, which names the headers' own words: case, folder, series UID, number and description."""
    return [
        {
            "case": item.name,
            "folder": str(item.folder),
            "series_uid": item.uid,
            "number": item.number,
            "description": item.description,
        }
        for item in series
    ]
