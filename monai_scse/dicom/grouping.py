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

from ..runtime import InputError
from .headers import LEADS_NOWHERE, ImageHeader
from .series import DicomSeries, series_of

__all__ = ["group_series"]

_logger = logging.getLogger(__name__)


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
    series = [item for group in groups.values() for item in _split(_without_copies(group))]
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
    """Of the stored pixels; of the whole file where they are compressed."""
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


def _without_copies(images: list[ImageHeader]) -> list[ImageHeader]:
    kept: dict[tuple[object, ...], list[ImageHeader]] = defaultdict(list)
    copies = []
    whole = Counter(image.instance for image in images if image.frames)
    for image in images:
        others = kept[_place(image)]
        if image.damage and image.instance and whole[image.instance] == 1:
            copies.append(image)  # one of two copies is damaged
        elif image.frames and any(_is_copy(image, other) for other in others):
            copies.append(image)
        else:
            others.append(image)
    if copies:
        _logger.warning(f"{copies[0].file}: {len(copies)} file(s) of its series are there twice, each is used once.")
        dropped = set(map(id, copies))
        return [image for image in images if id(image) not in dropped]
    return images


def _split(images: list[ImageHeader]) -> list[DicomSeries]:
    """One series, or one of each folder where different series share a UID."""
    folders: dict[Path, list[ImageHeader]] = defaultdict(list)
    for image in images:
        folders[image.file.parent].append(image)
    whole = series_of(images)
    if len(folders) == 1 or _complete_each_other(whole, list(folders.values())):
        return [whole]
    return [series_of(items) for items in folders.values()]


def _complete_each_other(whole: DicomSeries, parts: Sequence[Sequence[ImageHeader]]) -> bool:
    numbers = [{item.instance_number for item in part if item.instance_number} for part in parts]
    is_renumbered = any(len(a & b) > min(len(a), len(b)) / 2 for a, b in combinations(numbers, 2))
    try:
        whole.check()
        folders = [item.image.file.parent for item in whole.slices]
        changes = sum(a != b for a, b in pairwise(folders))
        return not is_renumbered or changes < len(parts)
    except InputError:
        places = [{_place(item) for item in part} for part in parts]
        return not is_renumbered and any(part != places[0] for part in places)
