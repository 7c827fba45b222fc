"""Scans with header fields overwritten, and the lines that refuse them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from monai_scse.runtime import InputError
from monai_scse.transforms import LoadScand

VOLUME = np.random.default_rng(0).integers(1, 200, (8, 9, 10)).astype(np.int16)
AFFINE = np.diag([2.0, 3.0, 4.0, 1.0])


def nifti(file: Path, volume: np.ndarray = VOLUME, affine: np.ndarray = AFFINE, **header: Any) -> Path:
    """Write a NIfTI file, then overwrite fields of its header in place."""
    image = nibabel.Nifti1Image(volume, affine)
    nibabel.save(image, file)
    if header:
        raw = bytearray(file.read_bytes())
        fields = np.frombuffer(raw, dtype=image.header.structarr.dtype, count=1)
        for name, value in header.items():
            fields[name] = value
        file.write_bytes(raw)
    return file


def refusal(file: Path, **options: Any) -> str:
    """The one line with which a scan is refused, without its folder."""
    with pytest.raises(InputError) as caught:
        LoadScand("image", **options)({"image": str(file)})
    line = str(caught.value)
    assert line.startswith(f"{file}: ")
    assert "\n" not in line
    assert line.count("; ") == 1
    return line.removeprefix(f"{file.parent}/")


def loaded(file: Path) -> Any:
    return LoadScand("image")({"image": str(file)})["image"]


def situation(has: str, happens: str, *values: Any, source: str = "") -> Any:
    more = {"source": source} if source else {}
    return pytest.param(*values, marks=pytest.mark.situation(has, happens, **more))
