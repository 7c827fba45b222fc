"""DICOM series as scans: find them in folders as hospitals export them, refuse those that are not a volume.

A series has the path ``<folder>/<name>``. The name is its series description and the tail of its UID. No such file
exists, because the folder may hold the files of many series. :func:`get_dicom_series` finds the series of a path.
Where an anonymiser emptied the UID, the folder, modality and number of the series take its place.

:mod:`monai_scse.dicom.headers` reads each header once in a process. ITK reads the pixels.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..runtime import InputError
from .headers import SliceHeader, read_header

__all__ = ["DicomSeries", "dicom_cases", "find_dicom_series", "get_dicom_series"]

_logger = logging.getLogger(__name__)

_UID_TAIL = 8


@dataclass(frozen=True)
class DicomSeries:
    """The slices of one series, sorted along its normal.

    Args:
        folder: where the files are.
        name: series description and tail of the UID, or what takes its place.
        uid: the series instance UID; may be empty.
        description: the series description.
        modality: for example ``"CT"``.
        slices: headers of the slices, in the order of the volume.
    """

    folder: Path
    name: str
    uid: str
    description: str
    modality: str
    slices: tuple[SliceHeader, ...]

    @property
    def path(self) -> str:
        """The path that stands for the series."""
        return str(self.folder / self.name)

    @property
    def files(self) -> list[str]:
        """The files in the order of the volume, from the lowest position along the normal of the slices."""
        return [str(item.file) for item in self.slices]

    @property
    def is_localizer(self) -> bool:
        """Whether it is a scout view: marked so, or slices of several orientations."""
        first = self.slices[0].orientation
        return any(item.localizer or not np.allclose(item.orientation, first, atol=1e-3) for item in self.slices)

    def rejection_reason(self, modality: str | None = None) -> str | None:
        """Why the series is none to segment, or None when it may be one.

        Args:
            modality: DICOM's Modality that it must have; None for any.
        """
        if modality is not None and self.modality != modality:
            return f"DICOM modality {self.modality or 'not given'}"
        if self.is_localizer:
            return "a localizer"
        if not all(item.placed for item in self.slices):
            return f"images without a place in space (DICOM modality {self.modality or 'not given'})"
        return None

    def check(self) -> None:
        """Check that the slices are a volume.

        ``highdicom.spatial.get_series_volume_positions`` is nearest. It answers yes or no, not which slices are wrong.

        Raises:
            InputError: when it is a localizer, slices differ in size, are missing, lie at uneven distances or at the
                same place, or the gantry was tilted.
        """
        where = f"{self.path}: "
        if self.is_localizer:
            raise InputError(f"{where}a localizer, not a volume; choose another series.")
        if len({item.grid for item in self.slices}) > 1:
            raise InputError(f"{where}its slices differ in size or pixel spacing; export them as separate series.")
        if len(self.slices) == 1:
            return
        normal = self.slices[0].normal
        steps = np.diff([item.position for item in self.slices], axis=0)
        heights = steps @ normal
        usual = float(np.median(heights))
        if (heights < 0.01).any():
            count = int((heights < 0.01).sum())
            raise InputError(f"{where}{count} slices lie where another one lies; export each phase as its own series.")
        shift = np.linalg.norm(steps - heights[:, None] * normal, axis=1)
        tilt = float(np.degrees(np.arctan2(np.median(shift), usual)))
        if tilt > 0.5:
            raise InputError(
                f"{where}gantry tilt of {tilt:.1f} degrees; resample it first, for example with dcm2niix, and give the "
                "NIfTI file."
            )
        uneven = np.flatnonzero(abs(heights - usual) > 0.05 * usual + 0.02)
        if uneven.size == 0:
            return
        place = uneven[0]
        ratio = heights[place] / usual
        if ratio > 1.5 and abs(ratio - round(ratio)) < 0.1 and uneven.size < len(heights) / 4:
            between = " and ".join(Path(item.file).name for item in self.slices[place : place + 2])
            raise InputError(
                f"{where}{round(ratio) - 1} slice(s) missing between {between}, {uneven.size} gap(s) in all; "
                "export the series again."
            )
        raise InputError(
            f"{where}mixed slice spacing, {heights.min():.2f} to {heights.max():.2f} mm; "
            "resample it to even slices first."
        )


def _series_name(header: SliceHeader, tail: int | None = _UID_TAIL) -> str:
    """The name of the series of a slice, with this many characters of its UID, None for all."""
    if header.uid:
        identity = header.uid if tail is None else header.uid[-tail:].lstrip(".")
    else:
        kind = "localizer" if header.localizer else ""
        folder = header.file.parent.resolve().name
        identity = "_".join(filter(None, (folder, header.modality, header.number, kind)))
    return re.sub(r"[^\w.-]+", "_", f"{header.description.strip('._ ') or 'series'}_{identity}")


def find_dicom_series(folder: str | Path, recursive: bool = True) -> list[DicomSeries]:
    """All DICOM series in a folder, localizers included, radiographs and files of other types not.

    Args:
        folder: the folder to search.
        recursive: whether to search its folders, too. The files of a series lie in one folder.
    """
    return [series for series in _all_series(folder, recursive) if all(item.placed for item in series.slices)]


def _all_series(folder: str | Path, recursive: bool = True) -> list[DicomSeries]:
    """All DICOM series in a folder, also those without a place in space."""
    root = Path(str(folder))
    files = sorted(path for path in (root.rglob("*") if recursive else root.iterdir()) if path.is_file())
    groups: dict[tuple[Path, str], list[SliceHeader]] = defaultdict(list)
    for header in filter(None, map(read_header, files)):
        groups[header.file.parent, header.uid or _series_name(header)].append(header)
    names = [_series_name(slices[0]) for slices in groups.values()]
    series = []
    for name, slices in zip(names, groups.values()):
        first, normal = slices[0], slices[0].normal
        ordered = sorted(slices, key=lambda item: float(np.dot(item.position, normal)))
        unique = name if names.count(name) == 1 else _series_name(first, tail=None)
        series.append(
            DicomSeries(first.file.parent, unique, first.uid, first.description, first.modality, tuple(ordered))
        )
    return sorted(series, key=lambda item: item.path)


def dicom_cases(folder: str | Path, modality: str | None = None) -> list[DicomSeries]:
    """The series of a folder that are volumes. The log names all others.

    Args:
        folder: the folder to search, its folders included.
        modality: DICOM's Modality of the series to take, for example ``"CT"``; None takes any.

    Raises:
        InputError: when a series of that modality that is no localizer is not a volume, see :meth:`DicomSeries.check`,
            or when there are localizers, radiographs and other modalities only.
    """
    volumes, refused = [], []
    for series in _all_series(folder):
        reason = series.rejection_reason(modality)
        if reason is None:
            volumes.append(series)
        else:
            refused.append(f"{series.path}: {reason}")
    if refused and not volumes:
        more = f" ({len(refused)} series, none fits)" if len(refused) > 1 else ""
        raise InputError(f"{refused[0]}, not a {modality or 'volume'}; choose another series{more}.")
    for line in refused:
        _logger.warning(f"{line}, left out.")
    for series in volumes:
        series.check()
    return volumes


def get_dicom_series(path: str | Path) -> DicomSeries | None:
    """The series that a path stands for, or None when there is none.

    Args:
        path: the path of a series, or a folder that holds exactly one.

    Raises:
        InputError: when a folder holds several series, or the series is not a volume.
    """
    path = Path(str(path))
    if path.is_dir():
        found = [series for series in find_dicom_series(path, recursive=False) if not series.is_localizer]
        if len(found) > 1:
            names = ", ".join(series.name for series in found)
            raise InputError(f"{path}: holds {len(found)} series ({names}); add the name of one of them to the path.")
    elif path.parent.is_dir() and not path.exists():
        found = [
            series
            for series in find_dicom_series(path.parent, recursive=False)
            if path.name in (series.name, _series_name(series.slices[0], tail=None))
        ]
    else:
        found = []
    if not found:
        return None
    found[0].check()
    return found[0]
