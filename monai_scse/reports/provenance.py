"""Where a segmentation comes from: versions, weights, command, scan."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["command_without_paths", "provenance", "scan_checksum", "without_folders"]

_PACKAGES = ("monai-scse", "monai", "torch", "numpy", "nibabel")
_KEPT = (".json", ".yaml", ".yml", ".pt")  # configs and weights are named, scans and folders of others are not
_PART = r"(?:(?!\.\w+\s)[^\\/:;,'\"\n])+"  # of a path: it may hold spaces, but none behind the suffix of a file
_FOLDERS = re.compile(rf"(?<![\w./\\])(?:[A-Za-z]:|~|\.{{1,2}})?[\\/](?:{_PART}[\\/])*(?=[^\\/\s])")


def without_folders(text: str) -> str:
    """A text in which each path is the name of its file.

    Example:
        >>> without_folders("/home/jane/scans/t1.nii.gz: no scan; see ../logs/run.txt.")
        't1.nii.gz: no scan; see run.txt.'
    """
    return _FOLDERS.sub("", text)


def _without_path(value: str, scan: str) -> str:
    """A word of a command line: names of this scan, of configs and weights, but of no other file or folder."""
    if value.startswith("["):
        try:
            parts = [_without_path(str(part), scan) for part in ast.literal_eval(value)]
        except (SyntaxError, ValueError, TypeError):
            return "…"
        return "[" + ", ".join(dict.fromkeys(parts)) + "]"
    if os.path.abspath(value) == os.path.abspath(scan):
        return Path(scan).name
    is_path = os.path.exists(value) or "/" in value or os.sep in value
    return Path(value).name if is_path and value.lower().endswith(_KEPT) else "…" if is_path else value


def command_without_paths(words: Sequence[str], scan: str) -> str:
    """A command line without the names of folders and of other scans, which may name people.

    Args:
        words: the program and its arguments, as in ``sys.argv``.
        scan: path of the scan that the report is about.

    Example:
        >>> command_without_paths(["/usr/bin/monai-scse", "segment", "brain", "a/1.nii", "a/2.nii"], "a/2.nii")
        'monai-scse segment brain … 2.nii'
    """
    program = Path(words[0])
    arguments = words[1:]
    if program.parts[-3:] == ("monai", "bundle", "__main__.py"):
        name = "python -m monai.bundle"
    elif tuple(words[:3]) == ("python", "-m", "monai.bundle"):
        name, arguments = "python -m monai.bundle", words[3:]
    elif program.name.startswith("monai-scse"):
        name = "monai-scse"
    else:
        return f"Python: {program.name}"
    shown = [name]
    for word in arguments:
        option, equals, value = word.partition("=")
        public = f"{option}={_without_path(value, scan)}" if equals else _without_path(word, scan)
        if public != "…" or shown[-1] != "…":
            shown.append(public)
    return " ".join(shown)


def _checksum(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return digest.hexdigest()


@lru_cache(maxsize=32)
def _weights_checksum(file: Path, changed: int) -> str:
    return _checksum([file])


def scan_checksum(scan: str) -> str:
    """SHA-256 of a scan: of its file, or of the files of a DICOM series one after the other, by their place in space.

    Args:
        scan: path of the file or series. An ``.img`` file is read behind its ``.hdr``.
    """
    file = Path(scan)
    if file.is_file():
        header = [file.with_suffix(".hdr")] if file.suffix.lower() == ".img" else []
        return _checksum([*(name for name in header if name.is_file()), file])
    from ..dicom import get_dicom_series

    series = get_dicom_series(scan)
    return _checksum([Path(name) for name in dict.fromkeys(series.files)]) if series else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # the modules lie in a bundle
        return "not installed"


def provenance(scan: str, words: Sequence[str], bundle_root: Path, weights: Sequence[Path]) -> list[tuple[str, str]]:
    """What a report says about the origin of a segmentation, as names and values.

    Args:
        scan: path of the scan.
        words: the command line, as in ``sys.argv``.
        bundle_root: folder of the bundle, for its name, version and the licence of its data.
        weights: files of weights. Missing ones are left out.
    """
    metadata_file, licence_file = bundle_root / "configs/metadata.json", bundle_root / "docs/data_license.txt"
    metadata = json.loads(metadata_file.read_text(encoding="utf-8")) if metadata_file.is_file() else {}
    licence = licence_file.read_text(encoding="utf-8").strip() if licence_file.is_file() else "not given"
    return [
        ("Date", datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")),
        ("Scan", f"{Path(scan).name}\nsha256 {scan_checksum(scan)}"),
        ("Bundle", f"{metadata.get('name', bundle_root.resolve().name)} {metadata.get('version', '')}".strip()),
        *(
            ("Weights", f"{file.name}\nsha256 {_weights_checksum(file, file.stat().st_mtime_ns)}")
            for file in dict.fromkeys(weights)
            if file.is_file()
        ),
        ("Command", command_without_paths(words, scan)),
        ("Versions", ", ".join(f"{package} {_version(package)}" for package in _PACKAGES)),
        ("Licence of the weights", licence),
    ]
