"""Scans of rare sizes through inference: segmented on their own grid, or refused for their size."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.scan_files import situation
from support.tiny_runs import TinyRun, check_outcome


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    return TinyRun("ct", tmp_path_factory.mktemp("sizes"))


def _scan(folder: Path, shape: tuple[int, int, int], size: tuple[float, float, float]) -> Path:
    voxels = np.random.default_rng(0).normal(-100, 300, shape).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([*size, 1])), folder / "scan.nii.gz")
    return folder / "scan.nii.gz"


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        situation("A CT of 10 mm slices", "segmented on its own grid", (40, 40, 8), (3.0, 3, 10)),
        situation("A CT of 0.3 mm voxels", "segmented on its own grid", (60, 60, 60), (0.3, 0.3, 0.3)),
        situation("A CT of 3000 slices", "segmented on its own grid", (8, 8, 3000), (9.0, 9, 0.5)),
        situation("A CT whose slices are its first axis", "segmented on its own grid", (6, 30, 30), (8.0, 3, 3)),
    ],
)
def test_rare_size(run: TinyRun, tmp_path: Path, shape: tuple, size: tuple) -> None:
    assert check_outcome(run, _scan(tmp_path, shape, size)).segmentation


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        situation("A CT of one slice", "refused", (40, 40, 1), (3.0, 3, 3), "the network needs at least 5"),
        situation("A CT of four slices", "refused", (40, 40, 4), (3.0, 3, 3), "the network needs at least 5"),
        situation(
            "A CT of 3000 slices of 1 mm, longer than a body",
            "refused with its extent",
            (8, 8, 3000),
            (9.0, 9, 1),
            "the scan is 72 x 72 x 3000 mm large, at most 2500 mm",
        ),
    ],
)
def test_impossible_size(run: TinyRun, tmp_path: Path, shape: tuple, size: tuple, expected: str) -> None:
    outcome = check_outcome(run, _scan(tmp_path, shape, size))
    assert outcome.segmentation is None
    assert expected in outcome.message
