"""From a folder that a user names to the list of cases that MONAI loads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError

__all__ = ["IMAGE_SUFFIXES", "case_name", "image_cases", "labelled_cases", "split_cases", "require_file"]

IMAGE_SUFFIXES = (".nii.gz", ".nii", ".mgz", ".mgh", ".nrrd", ".mha", ".mhd", ".img")


def _image_suffix(path: Path) -> str | None:
    return next((suffix for suffix in IMAGE_SUFFIXES if path.name.lower().endswith(suffix)), None)


def case_name(file: str | Path) -> str:
    """The name of a case: its file or folder name without the image suffix.

    Example:
        >>> case_name("scans/sub-01_T1w.nii.gz")
        'sub-01_T1w'
    """
    path = Path(str(file))
    suffix = _image_suffix(path)
    return path.name if suffix is None else path.name[: -len(suffix)]


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def _image_files(folder: Path) -> list[Path]:
    visible = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return sorted(path for path in visible if _image_suffix(path) is not None)


def _dicom_folders(folder: Path) -> list[Path]:
    candidates = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    return [path for path in candidates if any(_is_dicom(file) for file in path.iterdir() if file.is_file())]


def _by_case_name(files: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for file in files:
        name = case_name(file)
        if name in named:
            raise InputError(f"{file}: same case name {name!r} as {named[name]}; rename one of them.")
        named[name] = file
    return named


def _check_is_folder(path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; set dataset_dir to where the scans are.")
    if not path.is_dir():
        raise InputError(f"{path}: not a folder; set dataset_dir to the folder that holds the scans.")


def image_cases(dataset_dir: str | Path) -> list[dict[str, str]]:
    """The scans to segment.

    Args:
        dataset_dir: a folder of images, one image file, a folder with a DICOM series, or a folder of such folders.

    Returns:
        ``[{"image": file or DICOM folder}, ...]``, sorted by name.

    Raises:
        InputError: when there is no image, or two images would have the same case name.
    """
    path = Path(os.path.abspath(str(dataset_dir)))  # so that a DICOM folder named "." has a name
    if path.is_file():
        files = [path]
        if _image_suffix(path) is None:
            raise InputError(f"{path}: not an image; supported are {', '.join(IMAGE_SUFFIXES)} and DICOM folders.")
    else:
        _check_is_folder(path)
        files = _image_files(path) or _dicom_folders(path)
    if not files:
        raise InputError(
            f"{path}: no images found; dataset_dir must hold {', '.join(IMAGE_SUFFIXES)} files or a DICOM series."
        )
    return [{"image": str(file)} for file in _by_case_name(files).values()]


def labelled_cases(dataset_dir: str | Path) -> list[dict[str, str]]:
    """The scans to train on or to evaluate, each with its labels.

    Args:
        dataset_dir: a folder with two folders, ``images/`` and ``labels/``, with the same file names in both.

    Returns:
        ``[{"image": file, "label": file}, ...]``, sorted by name.

    Raises:
        InputError: when a folder is missing or empty, or an image has no label.
    """
    path = Path(str(dataset_dir))
    _check_is_folder(path)
    for part in ("images", "labels"):
        if not (path / part).is_dir():
            raise InputError(f"{path / part}: no such folder; dataset_dir must hold images/ and labels/.")
    images = _by_case_name(_image_files(path / "images"))
    if not images:
        raise InputError(f"{path / 'images'}: no images found; supported are {', '.join(IMAGE_SUFFIXES)}.")
    labels = _by_case_name(_image_files(path / "labels"))
    for name, image in images.items():
        if name not in labels:
            raise InputError(f"{image}: no label of this name in {path / 'labels'}; add it or remove the image.")
    return [{"image": str(image), "label": str(labels[name])} for name, image in images.items()]


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


def require_file(path: str | Path, cure: str) -> str:
    """The path, when the file exists.

    Args:
        path: the file.
        cure: what the user can do when it does not.

    Raises:
        InputError: when it does not exist.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; {cure}")
    return str(path)
