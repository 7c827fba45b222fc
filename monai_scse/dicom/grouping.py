"""From the images of a folder to its series.

A series has one series instance UID. Where an anonymiser emptied it, folder, modality, number and description take
its place. A disc spreads a series over folders, and a careless anonymiser gives different series one UID.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from ..runtime import InputError
from .headers import LEADS_NOWHERE, ImageHeader
from .series import DicomSeries, series_of

__all__ = ["group_series"]

_logger = logging.getLogger(__name__)

_LARGEST_OVERLAP = 0.1  # of two folders with parts of one series


def group_series(images: Sequence[ImageHeader]) -> list[DicomSeries]:
    """The series of images, named by their first files.

    Args:
        images: their headers, sorted by file.
    """
    groups: dict[tuple[object, ...], list[ImageHeader]] = defaultdict(list)
    for image in images:
        if image.is_lost:
            continue
        key: tuple[object, ...] = (image.uid, image.study, image.modality)
        if not image.uid:
            key = (image.file.parent, image.modality, image.number, image.description, image.is_localizer)
        groups[key].append(image)
    series = [item for group in groups.values() for item in _split(group)]
    return _with_lost(series, [image for image in images if image.is_lost])


def _with_lost(series: list[DicomSeries], lost: Sequence[ImageHeader]) -> list[DicomSeries]:
    """Series with the files of which nothing but a name is there.

    They are part of the only scan of their folder. In other folders links are a series, which fails by their names.
    """
    folders: dict[Path, list[ImageHeader]] = defaultdict(list)
    for image in lost:
        folders[image.file.parent].append(image)
    for folder, images in folders.items():
        scans = [
            place
            for place, item in enumerate(series)
            if item.rejection_reason() is None and any(image.file.parent == folder for image in item.images)
        ]
        if len(scans) == 1:
            item = series[scans[0]]
            series[scans[0]] = replace(item, images=(*item.images, *images))
            continue
        for image in images:
            if image.damage != LEADS_NOWHERE:
                _logger.warning(f"{image.file}: {image.damage}, left out.")
        if links := [image for image in images if image.damage == LEADS_NOWHERE]:
            series.append(series_of(links))
    return series


def _place(image: ImageHeader) -> tuple[object, ...]:
    return image.size, tuple((frame.position, frame.orientation) for frame in image.frames)


def _digest(image: ImageHeader) -> bytes:
    """Of the stored pixels, or of the whole file where they are compressed."""
    with image.file.open("rb") as stream:
        if image.pixels is not None and image.pixels.offset:
            stream.seek(image.pixels.offset)
            return blake2b(stream.read(image.pixels.length)).digest()
        return blake2b(stream.read()).digest()


def _is_copy(image: ImageHeader, other: ImageHeader) -> bool:
    """Whether two images of one place are the same one, sent twice."""
    if image.pixels is None or other.pixels is None:
        return False
    is_same_instance = bool(image.instance) and image.instance == other.instance
    if is_same_instance and image.pixels.syntax != other.pixels.syntax:
        return True  # compressed on one of two ways
    is_same_number = image.instance_number == other.instance_number and all(item.has_place for item in image.frames)
    return (is_same_instance or is_same_number) and _digest(image) == _digest(other)


def _copies(images: Sequence[ImageHeader]) -> list[ImageHeader]:
    """The images that are there a second time, and damaged ones of which a good copy is there."""
    kept: dict[tuple[object, ...], list[ImageHeader]] = defaultdict(list)
    copies = []
    whole = Counter(image.instance for image in images if image.frames)
    for image in images:
        others = kept[_place(image)]
        is_damaged_copy = bool(image.damage and image.instance) and whole[image.instance] == 1
        if is_damaged_copy or (image.frames and any(_is_copy(image, other) for other in others)):
            copies.append(image)
        else:
            others.append(image)
    return copies


def _series_without_copies(images: Sequence[ImageHeader]) -> DicomSeries:
    copies = set(map(id, _copies(images)))
    series = series_of([image for image in images if id(image) not in copies])
    if not copies:
        return series
    line = f"{series.images[0].file.parent}: {len(copies)} second copies of slices"
    return replace(series, left_out=(*series.left_out, line))


def _split(images: Sequence[ImageHeader]) -> list[DicomSeries]:
    """One series, or several where the images of different folders do not complete each other."""
    folders: dict[Path, list[ImageHeader]] = defaultdict(list)
    for image in images:
        folders[image.file.parent].append(image)
    parts = list(folders.values())
    numbers = [{item.instance_number for item in part if item.instance_number} for part in parts]
    is_counted_once = not any(_overlap(a, b) for a, b in combinations(numbers, 2))
    return [
        series
        for group in ([parts] if is_counted_once else _without_overlap(parts))
        for series in _joined(group, is_counted_once)
    ]


def _overlap(first: set[Any], second: set[Any]) -> bool:
    return len(first & second) > min(len(first), len(second)) * _LARGEST_OVERLAP


def _without_overlap(parts: Sequence[Sequence[ImageHeader]]) -> list[list[Sequence[ImageHeader]]]:
    """The folders, put together where they hold no slices of the same places: copies of a scan stay apart."""
    groups: list[list[Sequence[ImageHeader]]] = []
    for part in parts:
        places = set(map(_place, part))
        fit = (group for group in groups if not any(_overlap(places, set(map(_place, other))) for other in group))
        group = next(fit, None)
        if group is None:
            groups.append([part])
        else:
            group.append(part)
    return groups


def _joined(parts: Sequence[Sequence[ImageHeader]], is_counted_once: bool) -> list[DicomSeries]:
    """The one series of folders that complete each other, else the series of each."""
    whole = _series_without_copies([image for part in parts for image in part])
    if len(parts) == 1:
        return [whole]
    try:
        whole.check()
        folders = [item.image.file.parent for item in whole.slices]
        # two series may lie between each other by chance, the parts of one follow each other
        is_one = is_counted_once or sum(a != b for a, b in pairwise(folders)) < len(parts)
    except InputError:
        places = [set(map(_place, part)) for part in parts]
        is_one = is_counted_once and any(part != places[0] for part in places)
    return [whole] if is_one else [_series_without_copies(part) for part in parts]
