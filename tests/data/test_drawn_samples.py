"""Several samples of each volume in an epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.transforms import RandScaleIntensityd
from support.scan_files import nifti

from monai_scse.data import DrawnSamplesDataset, label_map_cases
from monai_scse.runtime import InputError


def dataset(**options: Any) -> DrawnSamplesDataset:
    loaded: list[int] = []

    def load(case: dict[str, Any]) -> dict[str, Any]:
        loaded.append(case["number"])
        return {"image": torch.full((1, 2, 3, 4), float(case["number"]))}

    made = DrawnSamplesDataset(
        [{"number": 1}, {"number": 2}], load, RandScaleIntensityd("image", prob=1.0, factors=0.9), **options
    )
    assert loaded == [1, 2]
    return made


def test_each_volume_is_drawn_as_often_as_asked() -> None:
    drawn = dataset(samples=3)
    assert len(drawn) == 6
    assert len({float(drawn[0]["image"].max()) for _ in range(5)}) == 5
    assert float(drawn.data[3]["image"].max()) == 2


def test_a_seed_draws_once() -> None:
    first, second = dataset(seed=0), dataset(seed=0)
    assert float(first[1]["image"].max()) == float(first[1]["image"].max()) == float(second[1]["image"].max())
    assert float(first[1]["image"].max()) not in (1, 2)


def test_slices_are_those_of_the_volumes() -> None:
    assert [float(part.max()) for part in dataset(samples=4).slices("image")] == [1, 1, 1, 2, 2, 2]


def test_label_maps_are_image_and_label(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no images found"):
        label_map_cases(str(tmp_path))
    nifti(tmp_path / "head.nii.gz", np.ones((3, 3, 3), np.uint8))
    file = str(tmp_path / "head.nii.gz")
    assert label_map_cases(str(tmp_path)) == [{"image": file, "label": file}]
