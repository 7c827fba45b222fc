"""Segmentations as NIfTI files that lie where their scans lie, in every program."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from monai.transforms import SaveImaged

from ..data import case_name
from ..data.unfinished import remove_outdated
from ..runtime import atomic_write
from ..runtime.arguments import path_of
from .meta import with_meta
from .scan_headers import NIBABEL_SUFFIXES, open_nibabel, read_scan_header
from .scans import file_of

if TYPE_CHECKING:
    import nibabel

__all__ = ["NUMBERS_KEY", "SaveSegmentationd", "segmentation_image"]

#: Entry of the meta data with the number that each class has in the file, where it is not the class index.
NUMBERS_KEY = "label_numbers"

_logger = logging.getLogger(__name__)

# where a scan lies: nibabel, FSL and SPM read the sform first, ITK, 3D Slicer and ANTs have rules of their own
_PLACE = (
    *("qform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
    *("sform_code", "srow_x", "srow_y", "srow_z"),
)


def _nifti_header(scan: str) -> nibabel.Nifti1Header | None:
    """The header of a NIfTI file, None for any other file."""
    import nibabel

    header = open_nibabel(scan).header if scan.lower().endswith(NIBABEL_SUFFIXES) else None
    return header if isinstance(header, nibabel.Nifti1Header) else None


def segmentation_image(classes: np.ndarray, affine: np.ndarray, scan: str = "") -> nibabel.Nifti1Image:
    """A segmentation as a NIfTI image on the grid of its scan.

    Args:
        classes: class indices or label numbers of 0 to 255, (x, y, z).
        affine: (4, 4), from voxels to mm, RAS. It counts where the scan is no NIfTI file.
        scan: file of the scan. Of a NIfTI scan, sform, qform, both codes and the voxel size are copied bit for bit. Of
            a scan in NIfTI-2 the segmentation is NIfTI-2, which holds them in double precision. For other files both
            matrices have code 1, scanner.
    """
    import nibabel

    parsed = read_scan_header(scan) if Path(scan).is_file() else None
    if parsed is not None and parsed.guess:
        _logger.warning(f"{scan}: {parsed.guess}, so its right and left sides are a guess.")
    header = None if parsed is None else _nifti_header(scan)
    voxels = classes.astype(np.uint8)
    if header is None:
        image = nibabel.Nifti1Image(voxels, affine)
        image.set_sform(affine, "scanner")
        image.set_qform(affine, "scanner")
        return image
    kind = nibabel.Nifti2Image if isinstance(header, nibabel.Nifti2Header) else nibabel.Nifti1Image
    image = kind(voxels, None)
    for field in _PLACE:
        image.header[field] = header[field]
    image.header["pixdim"][:4] = header["pixdim"][:4]
    image.header["xyzt_units"] = header["xyzt_units"]
    return image


class SaveSegmentationd(SaveImaged):
    """Write ``<case>_seg.nii.gz`` for each segmentation, whole or not at all, where its scan lies.

    Tables, pictures and reports of an earlier segmentation of the case go.

    It goes behind the transform that brings a segmentation back to the grid of its scan. Nearest is MONAI's
    ``SaveImaged``, the base class, by which MONAI Label knows a transform that saves. It writes one matrix into sform
    and qform, with code 1, and leaves half a file when it is interrupted.

    Args:
        keys: the segmentations, class indices, (1, x, y, z).
        output_dir: folder that receives the files.
        numbers: the number of each class in the files, 0 to 255, see :func:`monai_scse.labels.output_numbers`. Where
            they are not the class indices, the table of the case names them. None for the class indices.
        allow_missing_keys: whether an entry may be missing.

    Raises:
        InputError: when a file cannot be written.
    """

    def __init__(
        self,
        keys: str | list[str],
        output_dir: str,
        numbers: Sequence[int] | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        self.output_dir = path_of("output_dir", output_dir)
        super().__init__(keys, output_dir=str(output_dir), allow_missing_keys=allow_missing_keys)
        self.numbers = None if numbers is None or list(numbers) == list(range(len(numbers))) else list(numbers)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        saved = dict(data)
        for key in self.key_iterator(data):
            segmentation = data[key]
            file = file_of(segmentation)
            voxels = segmentation[0].cpu().numpy()
            if self.numbers is not None:
                voxels = np.array(self.numbers, dtype=np.uint8)[voxels.astype(np.uint8)]
                saved[key] = with_meta(segmentation, {NUMBERS_KEY: self.numbers})
            image = segmentation_image(voxels, segmentation.affine.cpu().numpy(), file)
            remove_outdated(self.output_dir, case_name(file))
            atomic_write(self.output_dir / f"{case_name(file)}_seg.nii.gz", image.to_filename)
        return saved
