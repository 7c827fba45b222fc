"""From a folder that a user names to the list of cases that MONAI loads."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ..dicom import dicom_cases, find_dicom_series, get_dicom_series
from ..dicom.headers import read_header
from ..dicom.search import series_of_file
from ..runtime import InputError
from ..runtime.arguments import check_name, path_of

__all__ = [
    "IMAGE_SUFFIXES",
    "case_name",
    "image_cases",
    "labelled_cases",
    "retest_cases",
    "split_cases",
]

_logger = logging.getLogger(__name__)

#: Files with these endings are images.
IMAGE_SUFFIXES = (".nii.gz", ".nii", ".mgz", ".mgh", ".nrrd", ".mha", ".mhd", ".img")
_OTHER_SUFFIXES = (".mnc", ".nii.zst", ".nii.bz2", ".nii.xz", ".nii.zip", ".img.gz", ".nrrd.gz", ".npy", ".npz", ".h5")
_PARTS = ("images", "labels", "test", "retest")  # folders of a data set, which hold many cases


def _image_suffix(path: Path) -> str | None:
    return next((suffix for suffix in IMAGE_SUFFIXES if path.name.lower().endswith(suffix)), None)


def case_name(file: str | Path) -> str:
    """The name of a case: its file name without the image suffix, or the name of its folder for ``ct.nii.gz``.

    Example:
        >>> case_name("scans/sub-01_T1w.nii.gz"), case_name("totalsegmentator/s0001/ct.nii.gz")
        ('sub-01_T1w', 's0001')
    """
    path = path_of("file", file)
    suffix = _image_suffix(path)
    name = path.name if suffix is None else path.name[: -len(suffix)]
    return path.parent.name if name == "ct" and path.parent.name not in ("", *_PARTS) else name


def image_files(folder: Path, recursive: bool = False) -> list[Path]:
    """The image files of a folder, sorted. Dead links and folders around an image are some, and fail when read."""
    paths = folder.rglob("*") if recursive else folder.iterdir()
    visible = (path for path in paths if _image_suffix(path) is not None and not path.name.startswith("."))
    kinds = (Path.is_file, _is_dead_link) if recursive else (Path.is_file, _is_dead_link, _is_around_image)
    there = (path for path in visible if any(is_kind(path) for is_kind in kinds))
    return sorted(path for path in there if not _is_slice(path))


def _is_dead_link(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _is_around_image(path: Path) -> bool:
    return path.is_dir() and any(map(_image_suffix, path.iterdir()))


def _is_slice(path: Path) -> bool:
    """Whether it is a DICOM file with the suffix of Analyze images, as some archives name slices."""
    is_analyze = path.suffix.lower() != ".img" or any(path.with_suffix(suffix).is_file() for suffix in (".hdr", ".HDR"))
    return not is_analyze and read_header(path) is not None


def _without_segmentations(files: Sequence[Path]) -> list[Path]:
    """The files that are not segmentations of an earlier run beside their scans or tables, which the log names."""
    names = {case_name(file) for file in files}
    scans = []
    for file in files:
        case = case_name(file).removesuffix("_seg").removesuffix(".seg")
        if case != case_name(file) and (case in names or file.with_name(f"{case}_volumes.csv").exists()):
            _logger.warning(f"{file}: left out, the segmentation of {case}.")
        else:
            scans.append(file)
    return scans


def _same_name(file: Path, other: Path) -> str:
    return f"{file}: same case name {case_name(file)!r} as {other}; rename one of them."


def _by_case_name(files: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for file in files:
        if (other := named.setdefault(case_name(file), file)) is not file:
            raise InputError(_same_name(file, other))
    return named


def _image_cases(files: Sequence[Path]) -> list[dict[str, str]]:
    """A case for each file. One with the name of another is refused."""
    named: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        named[case_name(file)].append(file)
    cases = []
    for file in files:
        cases.append({"image": str(file)})
        if other := next((other for other in named[case_name(file)] if other is not file), None):
            cases[-1]["refused"] = _same_name(file, other)
    return cases


def check_is_folder(path: Path) -> None:
    """Check that a user's dataset_dir is a folder.

    Raises:
        InputError: when it does not exist or is a file.
    """
    if not path.exists():
        if Path(str(path).replace("::", "#")).exists():
            raise InputError(
                f"{path}: MONAI writes '::' for '#' in a path; rename the folder, or link to it without '#'."
            )
        raise InputError(f"{path}: no such file or folder; set dataset_dir to where the scans are.")
    if not path.is_dir():
        raise InputError(f"{path}: not a folder; set dataset_dir to the folder that holds the scans.")


def image_cases(dataset_dir: str | Path | Sequence[str | Path], modality: str | None = None) -> list[dict[str, str]]:
    """The scans to segment.

    Args:
        dataset_dir: one of four. A folder of images, where the log names the DICOM series beside them as left out. One
            image file, also an enhanced DICOM image. A folder with DICOM series in it or in its folders. The path of
            one DICOM series, which is its folder and its name, see :mod:`monai_scse.dicom.search`. A list holds any of
            them.
        modality: the Modality that DICOM series must have, for example ``"CT"``. The log names others as left
            out. None takes any.

    Returns:
        ``[{"image": file or path of a DICOM series}, ...]``, sorted by name. Paths only: MONAI collates them, and
        :mod:`monai_scse.dicom.search` keeps the headers of a path. Two images with the same case name have an entry
        ``refused``, which says so: their results would have the same names.

    Raises:
        InputError: when there is no image, or no DICOM series has the modality.
    """
    paths = [dataset_dir] if isinstance(dataset_dir, str) or not isinstance(dataset_dir, Sequence) else dataset_dir
    if not paths:
        raise InputError(f"dataset_dir must be a path or a list of them, got {dataset_dir!r}.")
    if modality is not None:
        check_name("modality", modality)
    files = list(dict.fromkeys(file for path in paths for file in _scans_of(path, modality)))
    return _image_cases(files)


def _scans_of(dataset_dir: str | Path, modality: str | None) -> list[Path]:
    """The image files and the paths of the DICOM series of one path."""
    path = Path(os.path.abspath(path_of("dataset_dir", dataset_dir)))
    series = None if path.exists() else get_dicom_series(path)
    if path.is_file() and _image_suffix(path) is not None:
        files = [path]
    elif path.is_file() and (series := series_of_file(path)) is None:
        raise InputError(
            f"{path}: not an image; supported are {', '.join(IMAGE_SUFFIXES)} files and folders of DICOM series."
        )
    elif series is not None:
        if (reason := series.rejection_reason(modality)) is not None:
            raise InputError(f"{series.path}: {reason}, not a {modality or 'volume'}; choose another series.")
        files = [Path(series.path)]
    else:
        check_is_folder(path)
        files = _without_segmentations(image_files(path))
        if not files:
            files = [Path(series.path) for series in dicom_cases(path, modality)]
        else:
            _log_what_is_left_out(path, files[0])
    if not files:
        if inner := next(iter(image_files(path, recursive=True)), None):
            raise InputError(f"{path}: holds no images itself; set dataset_dir to one that does, as {inner.parent}.")
        raise InputError(
            f"{path}: no images found; dataset_dir must hold {', '.join(IMAGE_SUFFIXES)} files or a DICOM series."
        )
    return files


def _log_what_is_left_out(path: Path, image: Path) -> None:
    """Name what a folder of images holds beside them: DICOM series, images of other formats, folders."""
    beside = sorted(item for item in path.iterdir() if _image_suffix(item) is None and not item.name.startswith("."))
    folders = [item.name for item in beside if item.is_dir()]
    for file in beside:
        if file.is_file() and file.name.lower().endswith(_OTHER_SUFFIXES):
            _logger.warning(f"{file}: left out, no format that is read here; convert it to NIfTI.")
    if folders:
        _logger.warning(f"{path}: holds images, so its folders are not searched: {', '.join(folders)}.")
    if len(folders) < len(beside):  # reading headers takes time
        for series in find_dicom_series(path, recursive=False):
            _logger.warning(f"{series.path}: left out because the folder holds {image.name} too; move either away.")


def _files_of_two_folders(path: Path, first: str, second: str) -> list[dict[str, Path]]:
    """The images of two folders in a user's dataset_dir by the name of their case. The first is not empty."""
    check_is_folder(path)
    for part in (first, second):
        if not (path / part).is_dir():
            raise InputError(f"{path / part}: no such folder; dataset_dir must hold {first}/ and {second}/.")
    named = [_by_case_name(image_files(path / part)) for part in (first, second)]
    if not named[0]:
        if series := dicom_cases(path / first):
            modality = series[0].modality or "not given"
            raise InputError(
                f"{series[0].path}: a DICOM series of modality {modality}; convert it: {first}/ and {second}/ must "
                f"hold {', '.join(IMAGE_SUFFIXES)} files."
            )
        raise InputError(f"{path / first}: no images found; supported are {', '.join(IMAGE_SUFFIXES)}.")
    return named


def labelled_cases(dataset_dir: str | Path) -> list[dict[str, str]]:
    """The scans to train on or to evaluate, each with its labels.

    Args:
        dataset_dir: a folder with two folders, ``images/`` and ``labels/``, with the same file names in both.

    Returns:
        ``[{"image": file, "label": file}, ...]``, sorted by name.

    Raises:
        InputError: when a folder is missing or empty, or an image has no label.
    """
    path = path_of("dataset_dir", dataset_dir)
    images, labels = _files_of_two_folders(path, "images", "labels")
    for name, image in images.items():
        if name not in labels:
            raise InputError(f"{image}: no label of this name in {path / 'labels'}; add it or remove the image.")
    return [{"image": str(image), "label": str(labels[name])} for name, image in images.items()]


def retest_cases(dataset_dir: str | Path) -> list[dict[str, str]]:
    """The pairs of scans to compare, two scans of the same person each.

    Args:
        dataset_dir: a folder with two folders, ``test/`` and ``retest/``, with the same file names in both.

    Returns:
        ``[{"image": file in test/}, {"image": file in retest/}, ...]``. The scans of a pair follow each other. The
        pairs are sorted by name.

    Raises:
        InputError: when a folder is missing or empty, or a scan has no partner.
    """
    path = path_of("dataset_dir", dataset_dir)
    tests, retests = _files_of_two_folders(path, "test", "retest")
    for scans, partners, folder in ((tests, retests, "retest"), (retests, tests, "test")):
        for name, scan in scans.items():
            if name not in partners:
                raise InputError(f"{scan}: no scan of this name in {path / folder}; add it or remove this one.")
    return [{"image": str(scan)} for name, test in tests.items() for scan in (test, retests[name])]


def split_cases(
    cases: Sequence[dict[str, str]], validation: Sequence[str | int] | str | float
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Divide labelled cases into training and validation cases.

    Args:
        cases: the list to divide, sorted by name.
        validation: name or names of the validation cases, or the share of all cases, in [0, 1), spread evenly over
            the list.

    Returns:
        training cases, validation cases.

    Raises:
        InputError: when a named case does not exist, the share is out of its range, or nothing is left to train on.
    """
    names = [case_name(case["image"]) for case in cases]
    if isinstance(validation, bool) or not isinstance(validation, (int, float, Sequence)):
        raise InputError(f"validation_cases must be names or a share from 0 to below 1, got {validation!r}.")
    if isinstance(validation, str) or (isinstance(validation, int) and validation >= 1):
        validation = [validation]  # one case, whose name may be a number
    if isinstance(validation, (int, float)):
        if not 0 <= validation < 1:
            raise InputError(f"validation_cases must be names or a share from 0 to below 1, got {validation}.")
        count = round(validation * len(cases))
        chosen = {names[(2 * i + 1) * len(cases) // (2 * count)] for i in range(count)}
    else:
        chosen = {str(name) for name in validation}
        missing = sorted(chosen.difference(names))
        if missing:
            raise InputError(f"validation_cases: no case named {', '.join(missing)} among {', '.join(names)}.")
    training = [case for case, name in zip(cases, names) if name not in chosen]
    if not training:
        raise InputError(f"validation_cases leaves none of the {len(cases)} cases to train on.")
    return training, [case for case, name in zip(cases, names) if name in chosen]
