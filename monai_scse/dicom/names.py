"""Names that the owner of a scan knows: folder, series number and description, never the patient's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .series import DicomSeries

__all__ = ["answers_to", "name_series"]


def _clean(*parts: str) -> str:
    cleaned = (re.sub(r"[^\w.-]+", "_", part).strip("._ ") for part in parts)
    return "_".join(filter(None, cleaned))


def name_series(series: Sequence[DicomSeries], root: Path) -> list[DicomSeries]:
    """Give all series of a search names and paths. The names of scans differ.

    The folder is the path of the only scan in it, if no other scan has the same name. Other paths are
    ``<folder>/<name>``.

    Args:
        series: what the search found.
        root: the folder that was searched. Names take on parent folders up to it until they differ.
    """
    scans = [item for item in series if item.rejection_reason() is None]
    others = [item for item in series if item.rejection_reason() is not None]
    in_folder = Counter(item.folder for item in scans)
    bases = [
        _clean(item.folder.name) or "scan" if in_folder[item.folder] == 1 else _name_in_folder(item) for item in scans
    ]
    above = [(root.name, *item.folder.relative_to(root).parts)[:-1] for item in scans]
    names, level = list(bases), 0
    folders = [item.folder for item in scans]
    while (same := _repeated(names, folders)) and level < max(map(len, above)):
        level += 1
        for index in same:
            names[index] = _clean(*above[index][-level:], bases[index])
    seen: Counter[str] = Counter()
    for index in _repeated(names, range(len(names))):
        seen[names[index]] += 1
        names[index] += f"_{seen[names[index]]}"
    named = []
    for item, base, name in zip(scans, bases, names):
        is_folder = in_folder[item.folder] == 1 and name == base == item.folder.name
        named.append(item.named(name, str(item.folder if is_folder else item.folder / name)))
    return named + [item.named(name := _name_in_folder(item), str(item.folder / name)) for item in others]


def _name_in_folder(series: DicomSeries) -> str:
    return _clean(series.folder.name, series.number, series.description or series.modality) or "scan"


def _repeated(names: Sequence[str], owners: Sequence[object]) -> list[int]:
    """The places of names that several owners have."""
    counts = Counter(name for name, _ in set(zip(names, owners)))
    return [index for index, name in enumerate(names) if counts[name] > 1]


def answers_to(series: DicomSeries, name: str) -> bool:
    """Whether a name means this series: its own, that with parent folders before it, or its UID."""
    return name == series.uid or name == series.name or _has_prefix(series, name)


def _has_prefix(series: DicomSeries, name: str) -> bool:
    parents = series.folder.parts[:-1]
    return any(name == _clean(*parents[-level:], series.name) for level in range(1, len(parents) + 1))
