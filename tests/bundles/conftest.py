"""The bundles and a small data set for each."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.bundle_command import SMALL_CT, run_bundle
from support.phantom_brains import phantom, save_case

from monai_scse.synthetic.ct.torso import save_synthetic_cases

BUNDLES = Path(__file__).parents[2] / "bundles"


@pytest.fixture(scope="session")
def brain_bundle() -> Path:
    return BUNDLES / "brain_mri_scse_segmentation"


@pytest.fixture(scope="session")
def ct_bundle() -> Path:
    return BUNDLES / "wholebody_ct_scse_segmentation"


@pytest.fixture(scope="session")
def labelled_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four phantoms, images/ and labels/, in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("labelled scans")
    for seed in range(4):
        save_case(folder, f"case{seed}", *phantom(seed))
    return folder


@pytest.fixture(scope="session")
def ct_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three coarse synthetic CT scans, images/ and labels/."""
    folder = tmp_path_factory.mktemp("CT scans")
    save_synthetic_cases(folder, range(3), spacing=(9, 9, 9))
    return folder


@pytest.fixture(scope="session")
def trained_ct(ct_bundle, ct_dataset, tmp_path_factory) -> Path:
    """The folder of a training of one epoch, run from a folder that is not the bundle's."""
    folder = tmp_path_factory.mktemp("CT training")
    result = run_bundle(
        ct_bundle,
        ["train.json", "log_gates.yaml"],
        cwd=folder,
        dataset_dir=ct_dataset,
        gate_interval=5,
        validation_cases=["ct_0001"],
        label_smoothing=0.1,
        ckpt_dir=folder / "models",
        output_dir=folder / "logs",
        epochs=1,
        **SMALL_CT,
    )
    assert result.returncode == 0, result.stderr
    assert "3 cases (pairs), 0 of them not annotated completely" in result.stdout
    return folder
