"""The bundle and a small data set for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from phantom_brains import phantom, save_case


@pytest.fixture(scope="session")
def brain_bundle() -> Path:
    return Path(__file__).parents[2] / "bundles" / "brain_mri_scse_segmentation"


@pytest.fixture(scope="session")
def labelled_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four phantoms, images/ and labels/, in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("labelled scans")
    for seed in range(4):
        save_case(folder, f"case{seed}", *phantom(seed))
    return folder
