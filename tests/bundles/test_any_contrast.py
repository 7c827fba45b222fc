"""Trainings on label maps alone, of a network and of the brain extraction."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from support.bundle_command import run_bundle
from support.phantom_brains import phantom

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
