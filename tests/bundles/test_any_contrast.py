"""Trainings on label maps alone, and the weights for any contrast in use."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
import torch
from support.bundle_command import run_bundle
from support.phantom_brains import phantom, save_case
from support.small_cases import save_tiny_weights

FREESURFER = {100: 42, 101: 3, 44: 41, 45: 2, 51: 43, 52: 4}
SMALL = {"network_def__features": 4, "device": "cpu", "slice_size": [32, 32], "epochs": 1}


@pytest.fixture
def label_maps(tmp_path: Path) -> Path:
    """Three phantoms with FreeSurfer's numbers, in a box of other tissue."""
    folder = tmp_path / "maps"
    folder.mkdir()
    for seed in range(3):
        _, numbers = phantom(seed)
        around = np.vectorize(FREESURFER.get)(np.where(numbers > 0, numbers, 44))
        head = np.pad(np.where(numbers > 0, around, 507), 6)
        nibabel.save(nibabel.Nifti1Image(head.astype(np.int16), np.diag([-1, 1, 1, 1])), folder / f"{seed}.nii.gz")
    return folder


def test_training_takes_label_maps_alone(brain_bundle: Path, label_maps: Path, tmp_path: Path) -> None:
    result = run_bundle(
        brain_bundle,
        ["train.json", "any_contrast.yaml"],
        cwd=tmp_path,
        dataset_dir=label_maps,
        ckpt_dir=tmp_path,
        output_dir=tmp_path,
        validation_cases=["1"],
        samples=4,
        **SMALL,
    )
    assert result.returncode == 0, result.stderr
    assert "val_mean_dice" in result.stdout
    assert torch.load(tmp_path / "any_contrast_checkpoint.pt", weights_only=True)["iteration"] == 2
    assert (tmp_path / "model_any.pt").is_file()


def test_brain_extraction_takes_label_maps_alone(brain_bundle: Path, label_maps: Path, tmp_path: Path) -> None:
    result = run_bundle(
        brain_bundle,
        ["train.json", "brain_extraction.yaml", "any_contrast_brain_extraction.yaml"],
        cwd=tmp_path,
        dataset_dir=label_maps,
        ckpt_dir=tmp_path,
        output_dir=tmp_path,
        validation_cases=["1"],
        val_interval=1,
        head_size=[32, 32, 32],
        **{name: value for name, value in SMALL.items() if name != "slice_size"},
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "brain_extraction_any.pt").is_file()


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, "model_any.pt"), ({"contrast": "auto"}, "tiny.pt")],
    ids=["any", "auto, of a T1"],
)
@pytest.mark.parametrize("further", [[], ["test_time_augmentation.yaml"]])
def test_table_names_the_weights(
    options: dict[str, str], expected: str, further: list[str], brain_bundle: Path, tmp_path: Path
) -> None:
    save_case(tmp_path, "case", *phantom(0))
    weights = save_tiny_weights(brain_bundle, tmp_path / "tiny.pt")
    save_tiny_weights(brain_bundle, tmp_path / "model_any.pt")
    result = run_bundle(
        brain_bundle,
        ["inference.json", "any_contrast_inference.yaml", *further],
        cwd=tmp_path,
        dataset_dir=tmp_path / "images",
        output_dir=tmp_path / "out",
        ckpt_path=weights,
        any_path=tmp_path / "model_any.pt",
        network_def__features=4,
        device="cpu",
        slice_size=[32, 32],
        spacing=[6, 6, 6],
        overlay=False,
        **options,
    )
    assert result.returncode == 0, result.stderr
    assert set(pd.read_csv(tmp_path / "out/volumes.csv")["weights"]) == {expected}
