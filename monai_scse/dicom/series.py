"""DICOM series as scans: what is one, and what is wrong with one."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..runtime import InputError
from .headers import ImageHeader
from .volume import Slice, affine_of, check_volume, names_of, same_orientation, sorted_slices

__all__ = ["DicomSeries", "series_of"]

MIN_SLICES = 5
_MOST_VOXELS = 2**33
_MOST_OF_A_LOCALIZER = 16  # slices of one orientation
# Images of these kinds show no scan. Ultrasound and nuclear medicine are neither CT nor MR.
_NO_SCANS = ("SEG", "RTDOSE", "RTSTRUCT", "RTPLAN", "RTIMAGE", "RTRECORD", "SR", "PR", "KO", "REG", "DOC", "AU", "OT")


@dataclass(frozen=True)
class DicomSeries:
    """The slices of one series, sorted along its normal.

    Args:
        folder: where the files are. Of files in several folders it is the one that holds them all.
        name: of the case.
        path: that stands for the series, the folder or the name in it.
        images: headers of all images, in the order of their files.
        slices: of the volume, in its order.
        left_out: lines about images of the series that are no slices of the volume.
        is_localizer: whether it is a scout view.
    """

    folder: Path
    name: str
    path: str
    images: tuple[ImageHeader, ...]
    slices: tuple[Slice, ...]
    left_out: tuple[str, ...] = ()
    is_localizer: bool = False

    @property
    def _header(self) -> ImageHeader:
        return next((image for image in self.images if not image.damage), self.images[0])

    @property
    def uid(self) -> str:
        """The series instance UID, which may be empty."""
        return self._header.uid

    @property
    def description(self) -> str:
        """The series description."""
        return self._header.description

    @property
    def number(self) -> str:
        """The series number, which may be empty."""
        return self._header.number

    @property
    def modality(self) -> str:
        """For example ``"CT"``."""
        return self._header.modality

    @property
    def files(self) -> list[str]:
        """The files in the order of the volume, from the lowest position along the normal of the slices."""
        return list(dict.fromkeys(str(item.image.file) for item in self.slices))

    @property
    def affine(self) -> np.ndarray:
        """The matrix from voxel indices (column, row, slice) to mm, RAS, (4, 4)."""
        return affine_of(self.slices)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Columns, rows and slices."""
        rows, columns = self.slices[0].image.size if self.slices else (0, 0)
        return columns, rows, len(self.slices)

    @property
    def size_mm(self) -> tuple[float, float, float]:
        """How far the volume extends along rows, columns and slices, in mm. Zeros when it is not a volume."""
        if len(self.slices) < 2 or not self.has_places:
            return 0.0, 0.0, 0.0
        x, y, z = (float(part) for part in np.linalg.norm(self.affine[:3, :3], axis=0) * self.shape)
        return x, y, z

    @property
    def has_places(self) -> bool:
        """Whether the place of every slice is known."""
        return bool(self.slices) and all(item.frame.has_place for item in self.slices)

    def named(self, name: str, path: str) -> DicomSeries:
        """The same series by another name and path."""
        return replace(self, name=name, path=path)

    def rejection_reason(self, modality: str | None = None, min_slices: int = MIN_SLICES) -> str | None:
        """Why the series is no scan of a task, or None when it looks like one.

        Args:
            modality: DICOM's Modality that it must have, None for any.
            min_slices: the fewest slices of a scan.
        """
        if all(item.is_lost for item in self.images):
            return None
        if (self.modality != modality) if modality else (self.modality in _NO_SCANS):
            return f"DICOM modality {self.modality or 'not given'}"
        usable = [item for item in self.images if item.pixels is not None]
        damaged = [item for item in self.images if item.damage]
        if any("Enhanced" in item.kind for item in damaged):
            return None  # one file may be a whole scan
        if not usable and not damaged:
            return "no image"
        if usable and all(item.is_capture for item in usable):
            return "a secondary capture"
        if self.is_localizer:
            return "a localizer"
        if any(item.is_mosaic for item in usable):
            return None
        count = len(self.slices) + len(damaged)
        if count < min_slices:
            state = f" ({damaged[0].damage})" if damaged else "" if self.has_places else " without a place in space"
            return f"{count} slice{'s' if count > 1 else ''}{state}, a scan has at least {min_slices}"
        if all(item.is_colour for item in usable) and not self.has_places and not damaged:
            return "images in colour without a place in space"
        return None

    def check(self) -> None:
        """Check that the slices are a volume.

        Raises:
            InputError: when it is a localizer, files are damaged, or images are mosaics or in colour. Also when slices
                have no place, differ in size or orientation, or are missing. Also when they lie at uneven distances, at
                the same place or shifted in their plane, or the gantry is tilted.
        """
        try:
            self._check_images()
            if len({item.image.photometric for item in self.slices}) > 1:
                raise InputError("some of its images are inverted (MONOCHROME1); export the series again.")
            first = self.slices[0].frame
            if not all(same_orientation(item.frame, first) for item in self.slices):
                raise InputError("slices of several orientations; export each plane as its own series.")
            check_volume(self.slices)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from None

    def _check_images(self) -> None:
        damaged = [f"{item.file.name}: {item.damage}" for item in self.images if item.damage]
        if damaged:
            raise InputError(f"{len(damaged)} unusable file(s): {names_of(damaged)}; copy or export the series again.")
        if self.is_localizer:
            raise InputError("a localizer, not a volume; choose another series.")
        if any(item.image.is_mosaic for item in self.slices):
            raise InputError("a Siemens mosaic, many slices side by side in an image; convert it with dcm2niix.")
        if any(item.image.is_colour for item in self.slices):
            raise InputError("images in colour, not the values of a scanner; choose another series.")
        if not self.slices:
            raise InputError("no image; choose another series.")
        lost = [item.name for item in self.slices if not (item.frame.position and item.frame.orientation)]
        if lost:
            raise InputError(
                f"{len(lost)} of {len(self.slices)} slices have no place in space ({names_of(lost)}); "
                "export the series again with positions and orientations."
            )
        if np.prod(self.shape, dtype=float) > _MOST_VOXELS:
            raise InputError(f"its headers promise {' x '.join(map(str, self.shape))} voxels; export the series again.")
        if not all(item.frame.spacing for item in self.slices):
            raise InputError("its pixel spacing is missing; export the series again with it.")


def series_of(images: list[ImageHeader]) -> DicomSeries:
    """A series of images of one series UID. What is no slice of its volume is left out and named.

    Args:
        images: the headers, sorted by file.
    """
    left_out: list[str] = []

    def without(items: list[Slice], unfit: list[bool], reason: str) -> list[Slice]:
        """The fit ones where both are present, else all."""
        if all(unfit) or not any(unfit):
            return items
        left_out.extend(f"{item.image.file.parent / item.name}: {reason}" for item, no in zip(items, unfit) if no)
        return [item for item, no in zip(items, unfit) if not no]

    slices = [Slice(image, frame) for image in images for frame in image.frames]
    slices = without(slices, [item.image.is_capture for item in slices], "a secondary capture in a series")
    slices = without(slices, [item.image.is_localizer for item in slices], "a localizer in a series")
    slices = without(slices, [item.image.is_colour for item in slices], "in colour, in a series of grey images")
    sizes = {item.image.size for item in slices if item.frame.has_place}
    pages = [not item.frame.has_place and item.image.size not in sizes for item in slices]
    slices = without(slices, pages, "without a place in space, and of another size than its series")
    is_localizer = bool(slices) and all(item.image.is_localizer for item in slices)
    if slices and all(item.frame.has_place for item in slices):
        groups: list[list[Slice]] = []
        for item in slices:
            same = next((group for group in groups if same_orientation(group[0].frame, item.frame)), None)
            groups.append([item]) if same is None else same.append(item)
        largest = max(groups, key=len)
        if len(largest) > len(slices) / 2:
            chosen = set(map(id, largest))
            slices = without(
                slices, [id(item) not in chosen for item in slices], "of another orientation than its series"
            )
            slices = sorted_slices(slices)
        elif len(largest) < _MOST_OF_A_LOCALIZER:
            is_localizer = True
    folders = {item.image.file.parent for item in slices} or {image.file.parent for image in images}
    first = images[0].file
    folder = Path(os.path.commonpath(folders))
    return DicomSeries(folder, first.name, str(first), tuple(images), tuple(slices), tuple(left_out), is_localizer)
