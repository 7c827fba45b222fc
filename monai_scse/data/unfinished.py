"""The cases that a run that was stopped leaves to do."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Sequence
from pathlib import Path

from ..runtime.arguments import flag_of, path_of
from .cases import case_name

__all__ = ["unfinished_cases"]

_logger = logging.getLogger(__name__)


def unfinished_cases(
    cases: Sequence[dict[str, str]], output_dir: str | Path, skip_existing: bool | str, dicom_seg: bool | str = False
) -> list[dict[str, str]]:
    """The cases that have no complete result yet.

    Args:
        cases: see :func:`image_cases`.
        output_dir: folder of the results. A complete one is a whole ``<case>_seg.nii.gz`` with ``<case>_volumes.csv``,
            the last file that a case gets.
        skip_existing: False to segment all cases again. The words of a command line, ``true`` and ``false``, work too.
        dicom_seg: whether a DICOM series needs ``<case>_seg.dcm`` to be complete.
    """
    needs_seg = flag_of("dicom_seg", dicom_seg)
    if not flag_of("skip_existing", skip_existing):
        return list(cases)
    folder = path_of("output_dir", output_dir)
    unfinished = [case for case in cases if not _is_complete(case["image"], folder, needs_seg)]
    _logger.warning(f"{len(cases) - len(unfinished)} of {len(cases)} cases are complete in {folder}, left out.")
    return unfinished


def _is_complete(image: str, folder: Path, dicom_seg: bool) -> bool:
    case = case_name(image)
    files = [folder / f"{case}_volumes.csv", folder / f"{case}_seg.nii.gz"]
    if dicom_seg and not Path(image).is_file():
        files.append(folder / f"{case}_seg.dcm")
    return all(file.is_file() and file.stat().st_size for file in files) and _is_whole(files[1])


def _is_whole(file: Path) -> bool:
    """Whether a gzip file can be read to its end."""
    try:
        with gzip.open(file) as stream:
            while stream.read(2**20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
