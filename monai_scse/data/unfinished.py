"""The cases that a run that was stopped leaves to do."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..runtime.arguments import flag_of, path_of
from .cases import case_name

__all__ = ["remove_outdated", "unfinished_cases"]

_logger = logging.getLogger(__name__)

# what a run makes of a segmentation. A .seg.nrrd may be a user's own, from 3D Slicer
_MADE_OF_IT = ("_volumes.csv", "_overlay.png", "_report.html", "_aseg.stats", "_seg.dcm")


def unfinished_cases(
    cases: Sequence[dict[str, str]],
    output_dir: str | Path,
    skip_existing: bool | str,
    dicom_seg: bool | str = False,
    seg_nrrd: bool | str = False,
    output_labels: str = "classes",
    report: bool | str = False,
) -> list[dict[str, str]]:
    """The cases that have no complete result yet.

    Args:
        cases: see :func:`image_cases`.
        output_dir: folder of the results. A complete one is a whole ``<case>_seg.nii.gz`` with ``<case>_volumes.csv``,
            the last file that a case gets.
        skip_existing: False to segment all cases again. The words of a command line, ``true`` and ``false``, work too.
        dicom_seg: whether a DICOM series needs ``<case>_seg.dcm`` to be complete.
        seg_nrrd: whether a case needs ``<case>.seg.nrrd`` to be complete.
        output_labels: the numbers that a complete segmentation has, see :func:`monai_scse.labels.output_numbers`.
            With ``"freesurfer"`` a case needs ``<case>_aseg.stats`` too.
        report: whether a case needs ``<case>_report.html`` to be complete.
    """
    needs_seg = flag_of("dicom_seg", dicom_seg)
    if not flag_of("skip_existing", skip_existing):
        return list(cases)
    folder = path_of("output_dir", output_dir)
    freesurfer = output_labels == "freesurfer"
    further = [
        *([".seg.nrrd"] if flag_of("seg_nrrd", seg_nrrd) else []),
        *(["_aseg.stats"] if freesurfer else []),
        *(["_report.html"] if flag_of("report", report) else []),
    ]
    unfinished = []
    for case in cases:
        image = case["image"]
        endings = [*further, *(["_seg.dcm"] if needs_seg and not Path(image).is_file() else [])]
        if not _is_complete(folder, case_name(image), endings, freesurfer):
            unfinished.append(case)
    _logger.warning(f"{len(cases) - len(unfinished)} of {len(cases)} cases are complete in {folder}, left out.")
    return unfinished


def remove_outdated(folder: Path, case: str) -> None:
    """Remove what an earlier run made of a segmentation that is written anew. Its table says that there was one.

    A run that is stopped before the new table is there leaves a case that is not complete.
    """
    with suppress(OSError):  # writing the new ones says what is wrong
        if (folder / f"{case}_volumes.csv").is_file():
            for ending in _MADE_OF_IT:
                (folder / f"{case}{ending}").unlink(missing_ok=True)


def _is_complete(folder: Path, case: str, further: Sequence[str], has_label_column: bool) -> bool:
    segmentation, table = folder / f"{case}_seg.nii.gz", folder / f"{case}_volumes.csv"
    files = [segmentation, table, *(folder / f"{case}{ending}" for ending in further)]
    return (
        all(file.is_file() and file.stat().st_size for file in files)
        and ("label" in _columns(table)) == has_label_column
        and _is_whole(segmentation)
    )


def _columns(table: Path) -> list[str]:
    """The names of the columns of a table. Label is there where a segmentation has no class indices."""
    with table.open(encoding="utf-8") as stream:
        return stream.readline().strip().split(",")


def _is_whole(file: Path) -> bool:
    """Whether a gzip file can be read to its end."""
    try:
        with gzip.open(file) as stream:
            while stream.read(2**20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
