"""What the header of a scan promises, checked before memory is asked for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from isal import igzip

from ..runtime import InputError

__all__ = ["ScanHeader", "check_geometry", "open_nibabel", "read_scan_header"]

NIBABEL_SUFFIXES = (".nii.gz", ".nii", ".img", ".mgz", ".mgh")
ITK_SUFFIXES = (".nrrd", ".mha", ".mhd")

_logger = logging.getLogger(__name__)

_VOXEL_MM = (0.01, 50.0)  # Of any scan of a body. Metres and micrometres lie outside.
_MOST_VOXELS = 2**31
_GZIP_RATIO = 1040  # the most that deflate can compress
_SAME_VOLUME = 1.25  # the largest factor between two statements of it
_LEAST_VOLUME = 0.1  # of a voxel, as a share of the box with edges of the same lengths
_UNITS = {1: "metres", 3: "micrometres"}  # of NIfTI's xyzt_units, where they are not mm


@dataclass(frozen=True)
class ScanHeader:
    """The header of an image file.

    Args:
        file: path of the image.
        shape: number of voxels along each axis, of all axes.
        affine: (4, 4), from voxels to mm, RAS.
        voxel_size: along each axis, as the header says it.
        holds: what each voxel holds when it is not one real number, such as ``"colours"``, else empty.
        expected_bytes: size of the uncompressed file, 0 when the header does not say it.
        unit: of length, when the header names another one than mm, else empty.
        guess: why the right and left sides are a guess, else empty.
    """

    file: str
    shape: tuple[int, ...]
    affine: np.ndarray
    voxel_size: tuple[float, ...]
    holds: str = ""
    expected_bytes: int = 0
    unit: str = ""
    guess: str = ""

    @property
    def spatial_shape(self) -> tuple[int, ...]:
        """The shape without further axes of one."""
        last = max([3, *(axis + 1 for axis, size in enumerate(self.shape) if size != 1)])
        return self.shape[:last]

    def check(self, max_size_mm: float, min_slices: int) -> None:
        """Check that the file can hold one 3D scan of a body.

        Args:
            max_size_mm: the largest extent along any axis.
            min_slices: the fewest voxels along any axis.

        Raises:
            InputError: for colours, complex numbers, several volumes, more voxels than the file can hold, and what
                :func:`check_geometry` refuses.
        """
        shape = self.spatial_shape
        if min(shape, default=0) < 1:
            raise InputError(f"{self.file}: has no voxels, its shape is {shape}; write the file again.")
        if self.holds:
            raise InputError(f"{self.file}: holds {self.holds}, not one grey value a voxel; {_cure(self.holds)}")
        if len(shape) != 3:
            raise InputError(f"{self.file}: expected one 3D volume, got the shape {shape}, {_volumes(shape)}")
        self._check_promise(shape)
        where = f"{self.file}: "
        if self.unit:
            raise InputError(
                f"{where}its header gives lengths in {self.unit} (voxels of {_by(self.voxel_size)}); "
                "convert the affine and the units to mm."
            )
        if not all(np.isfinite(self.voxel_size)) or 0 in self.voxel_size:
            raise InputError(
                f"{where}a voxel size of {_by(self.voxel_size)} mm, for {_by(shape)} voxels; correct the header."
            )
        check_geometry(self.file, shape, self.affine, max_size_mm, min_slices)
        self._compare_sizes()

    def _compare_sizes(self) -> None:
        """Log where affine and voxel size disagree on the volume of a voxel. A tilted gantry is no reason."""
        by_affine, by_size = abs(np.linalg.det(self.affine[:3, :3])), abs(np.prod(self.voxel_size))
        if not 1 / _SAME_VOLUME < by_affine / by_size < _SAME_VOLUME:
            _logger.warning(
                f"{self.file}: a voxel has {by_affine:.4g} cubic mm by the affine and {by_size:.4g} by its size, "
                f"{_by([abs(size) for size in self.voxel_size])} mm. Volumes follow the affine, check the header."
            )

    def _check_promise(self, shape: tuple[int, ...]) -> None:
        size = Path(self.file).stat().st_size
        voxels = int(np.prod([int(length) for length in shape], dtype=object))
        possible = size * (_GZIP_RATIO if _is_gzip(self.file) else 1)
        if self.expected_bytes > possible:
            raise InputError(
                f"{self.file}: cut short, its header promises {_by(shape)} voxels ({self.expected_bytes:,} bytes), "
                f"the file has {size:,} bytes; copy or write it again."
            )
        if voxels > _MOST_VOXELS:
            raise InputError(
                f"{self.file}: its header promises {_by(shape)} voxels, more than any scan has; correct the header."
            )


def check_geometry(file: str, shape: Sequence[int], affine: np.ndarray, max_size_mm: float, min_slices: int) -> None:
    """Check that a grid can be that of a scan of a body.

    Args:
        file: the scan, for the message.
        shape: number of voxels along the three axes.
        affine: (4, 4), from voxels to mm.
        max_size_mm: the largest extent along any axis.
        min_slices: the fewest voxels along any axis.

    Raises:
        InputError: when the affine is singular or not finite, the scan is larger, or has fewer slices. Also when
            voxels have sizes that only another unit than mm explains.
    """
    axes = np.asarray(affine, dtype=np.float64)[:3, :3]
    with np.errstate(all="ignore"):
        edges = np.linalg.norm(axes, axis=0)
    has = f"{file}: voxels of {_by(edges)} mm"
    if not np.isfinite(affine).all():
        raise InputError(f"{has}: the affine holds NaN or infinite values; correct the header.")
    if not edges.all() or abs(np.linalg.det(axes / edges)) < _LEAST_VOLUME:
        raise InputError(f"{has}: the affine is singular, its axes span no volume; correct the header.")
    for wrong, unit in ((edges < _VOXEL_MM[0], "metres"), (edges > _VOXEL_MM[1], "micrometres")):
        if wrong.any():
            raise InputError(f"{has}: no scan has such, the affine may be in {unit}; convert it to mm.")
    size = edges * np.asarray(shape)
    if size.max() > max_size_mm:
        raise InputError(
            f"{has}: the scan is {_by(size)} mm large, at most {max_size_mm:g} mm are possible here; "
            "check its voxel size, or choose another scan."
        )
    if min(shape) < min_slices:
        raise InputError(
            f"{file}: {min(shape)} slices of shape {tuple(shape)}, the network needs at least {min_slices}; "
            "give the whole scan."
        )


def _by(numbers: Sequence[float] | np.ndarray) -> str:
    """Such as ``1 x 1 x 2.5``."""
    return " x ".join(f"{number:.4g}" if isinstance(number, float) else str(number) for number in numbers)


def _volumes(shape: tuple[int, ...]) -> str:
    if len(shape) < 3:
        return "a single slice; give the whole scan."
    count = int(np.prod(shape[3:]))
    if len(shape) == 4:
        return f"which holds {count} volumes (times, echoes or contrasts); split it first."
    return f"which holds {count} values a voxel (a vector or tensor image); give the scan itself."


def _cure(holds: str) -> str:
    if holds.startswith("complex"):
        return "give the magnitude."
    return "give the scan itself, not a picture or a map of it."


def _is_gzip(file: str) -> bool:
    with open(file, "rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _single_file_kind(start: bytes, name: str) -> Any:
    """The kind of an image in a single file, by the start of its content, None for all others."""
    import nibabel

    if start[344:348] == b"n+1\0":
        return nibabel.Nifti1Image
    if start[4:8] == b"n+2\0":
        return nibabel.Nifti2Image
    is_mgh = name.endswith((".mgz", ".mgh")) and start[:4] == b"\0\0\0\1"
    return nibabel.MGHImage if is_mgh else None


def open_nibabel(file: str | Path) -> Any:
    """``nibabel.load``, also for a file whose suffix says another compression than its content.

    Args:
        file: a NIfTI, Analyze, MGH or MGZ image. Its voxels are not read.
    """
    import nibabel

    stream: Any = igzip.open(file) if _is_gzip(str(file)) else open(file, "rb")  # noqa: SIM115
    kind = _single_file_kind(stream.read(348), str(file).lower())
    if kind is None:
        stream.close()
        return nibabel.load(file)
    return kind.from_file_map(kind.make_file_map({"image": stream}))


def read_scan_header(file: str | Path) -> ScanHeader | None:
    """The header of an image file, None when its suffix is none that nibabel or ITK has a reader for.

    Args:
        file: the image.
    """
    name = str(file).lower()
    if name.endswith(NIBABEL_SUFFIXES):
        return _nibabel_header(str(file))
    return _itk_header(str(file)) if name.endswith(ITK_SUFFIXES) else None


def _nibabel_header(file: str) -> ScanHeader:
    import nibabel

    image = open_nibabel(file)
    header: Any = image.header
    kind = header.get_data_dtype()
    holds = "colours (RGB)" if kind.fields else "complex numbers" if kind.kind == "c" else ""
    size, unit, guess = header.get_zooms()[:3], "", ""
    parts = image.file_map.get("header", image.file_map["image"])
    if isinstance(image, nibabel.analyze.AnalyzeImage):
        with parts.get_prepare_fileobj("rb") as stream:  # nibabel.load replaces a voxel size of 0 by 1
            size = type(header).from_fileobj(stream, check=False)["pixdim"][1:4]
    if isinstance(header, nibabel.Nifti1Header):
        unit = _UNITS.get(int(header["xyzt_units"]) & 7, "")
        guess = "" if header["qform_code"] or header["sform_code"] else "sform and qform have code 0"
    elif isinstance(image, nibabel.analyze.AnalyzeImage):
        guess = "an Analyze file does not say them"
    elif isinstance(image, nibabel.MGHImage):
        with parts.get_prepare_fileobj("rb") as stream:  # nibabel sets goodRASFlag
            guess = "" if stream.read(30)[28:] != b"\0\0" else "the header has no orientation"
    expected = image.dataobj.offset + kind.itemsize * int(np.prod([int(each) for each in image.shape], dtype=object))
    return ScanHeader(
        file, image.shape, image.affine, tuple(float(each) for each in size), holds, expected, unit, guess
    )


def _itk_header(file: str) -> ScanHeader:
    import itk

    reader = itk.ImageIOFactory.CreateImageIO(file, itk.CommonEnums.IOFileMode_ReadMode)
    if reader is None:
        raise ValueError("ITK knows no such format")
    reader.SetFileName(file)
    reader.ReadImageInformation()
    axes = range(reader.GetNumberOfDimensions())
    shape = tuple(int(reader.GetDimensions(axis)) for axis in axes)
    size = tuple(float(reader.GetSpacing(axis)) for axis in axes)[:3]
    affine = np.eye(4)
    for axis in axes[:3]:
        affine[: len(axes[:3]), axis] = np.array(reader.GetDirection(axis))[:3] * size[axis]
        affine[axis, 3] = reader.GetOrigin(axis)
    affine[:2] *= -1  # from ITK's LPS to RAS
    holds, count = reader.GetPixelTypeAsString(reader.GetPixelType()), reader.GetNumberOfComponents()
    holds = {"complex": "complex numbers", "rgb": "colours (RGB)", "rgba": "colours (RGBA)"}.get(holds, "")
    holds = holds or (f"{count} numbers" if count > 1 else "")
    keys = list(reader.GetMetaDataDictionary().GetKeys())
    guess = "the header names no space" if file.lower().endswith(".nrrd") and "NRRD_space" not in keys else ""
    return ScanHeader(file, shape, affine, size, holds, guess=guess)
