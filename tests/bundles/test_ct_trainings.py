"""Trainings of the CT bundle from the command line: other organs, 3D, fine-tuning, the paper's recipe."""

from __future__ import annotations

import shutil

import nibabel
import numpy as np
import pandas as pd
import pytest
import torch
from support.bundle_command import SMALL_CT, one_small_step, run_bundle
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

EVALUATE = ["train.json", "evaluate.json"]


def test_user_with_other_organs_changes_the_config_alone(ct_bundle, ct_dataset, tmp_path):
    organs = [
        {"name": "bone", "colour": [240, 220, 180], "synthetic": [14]},
        {"name": "heart", "colour": [200, 30, 30], "synthetic": [16]},
        {"name": "pancreas", "colour": [250, 200, 100]},
    ]
    options = {"organs": organs, "dataset_dir": ct_dataset, "ckpt_dir": tmp_path}
    result = run_bundle(
        ct_bundle, "train.json", cwd=tmp_path, epochs=1, output_dir=tmp_path, validation_cases=0, **options, **SMALL_CT
    )
    assert result.returncode == 0, result.stderr
    assert "not annotated: pancreas" in result.stdout
    result = run_bundle(ct_bundle, EVALUATE, cwd=tmp_path, output_dir=tmp_path, **options, **SMALL_CT)
    assert result.returncode == 0, result.stderr
    metrics = pd.read_csv(tmp_path / "metrics.csv")
    assert list(metrics["structure"]) == ["bone", "heart", "pancreas"] * 3
    assert metrics.loc[metrics["structure"] == "pancreas", "dice"].isna().all()
    assert metrics.loc[metrics["structure"] == "bone", "dice"].notna().all()


def test_volumetric_variant_trains_evaluates_and_segments(ct_bundle, ct_dataset, tmp_path):
    options = {
        "patch_size": [32, 32, 32],
        "spacing": [9, 9, 9],
        "network_def__features": 4,
        "device": "cpu",
        "ckpt_dir": tmp_path,
        "output_dir": tmp_path / "out",
    }
    labelled = {"dataset_dir": ct_dataset, "label_numbers": "synthetic"}
    trained = run_bundle(
        ct_bundle,
        ["train.json", "volumetric.yaml", "volumetric_train.yaml"],
        cwd=tmp_path,
        validation_cases=["ct_0001"],
        epochs=1,
        **labelled,
        **options,
    )
    assert trained.returncode == 0, trained.stderr
    assert torch.load(tmp_path / "model.pt", weights_only=True)["classifier.weight"].ndim == 5
    evaluated = run_bundle(ct_bundle, [*EVALUATE, "volumetric.yaml"], cwd=tmp_path, **labelled, **options)
    assert "3 cases: " in evaluated.stdout
    scan = ct_dataset / "images/ct_0002.nii.gz"
    segmented = run_bundle(ct_bundle, ["inference.json", "volumetric.yaml"], cwd=tmp_path, dataset_dir=scan, **options)
    assert segmented.returncode == 0, segmented.stderr
    assert nibabel.load(tmp_path / "out/ct_0002_seg.nii.gz").shape == nibabel.load(scan).shape
    assert "confidence" in pd.read_csv(tmp_path / "out/ct_0002_volumes.csv")


@pytest.mark.parametrize("frozen", [True, False])
def test_fine_tuning_starts_from_weights_and_may_keep_their_batch_statistics(
    ct_bundle, ct_dataset, trained_ct, tmp_path, frozen
):
    before, after = one_small_step(
        ct_bundle,
        ["train.json", "finetune.yaml"],
        trained_ct / "models/model.pt",
        tmp_path,
        dataset_dir=ct_dataset,
        validation_cases=["ct_0001"],
        frozen_batch_statistics=frozen,
        **SMALL_CT,
    )
    for name, value in after.items():
        if "running" in name:
            assert torch.equal(value, before[name]) == frozen, name


@pytest.mark.long
def test_fine_tuning_from_the_shipped_weights_lowers_the_loss_on_a_real_ct(ct_bundle, example_ct, tmp_path):
    """The scan's anatomy was in the training of the weights: this shows that fine-tuning learns, not how well."""
    for part, name in (("images", "example_ct_sm.nii.gz"), ("labels", "example_seg.nii.gz")):
        (tmp_path / part).mkdir()
        shutil.copy(example_ct / name, tmp_path / part / "case.nii.gz")
    result = run_bundle(
        ct_bundle,
        ["train.json", "finetune.yaml"],
        cwd=tmp_path,
        dataset_dir=tmp_path,
        label_numbers="totalsegmentator_v2",
        validation_cases=0,
        learning_rate=0.001,
        epochs=2,
        ckpt_dir=tmp_path / "models",
        output_dir=tmp_path / "logs",
        device="cpu",
        amp=False,
    )
    assert result.returncode == 0, result.stderr
    events = EventAccumulator(str(tmp_path / "logs")).Reload()
    losses = [event.value for event in events.Scalars("train_loss")]
    assert np.mean(losses[len(losses) // 2 :]) < 0.95 * np.mean(losses[: len(losses) // 2])
    before = torch.load(ct_bundle / "models/model.pt", weights_only=True)
    after = torch.load(tmp_path / "models/model.pt", weights_only=True)
    assert all(torch.equal(after[name], value) for name, value in before.items() if "running" in name)


def test_paper_recipe_trains_another_network(ct_bundle, ct_dataset, tmp_path):
    result = run_bundle(
        ct_bundle,
        ["train.json", "paper_recipe.yaml", "fcdensenet.yaml"],
        cwd=tmp_path,
        dataset_dir=ct_dataset,
        ckpt_dir=tmp_path,
        output_dir=tmp_path,
        time_budget_minutes=0.01,
        **SMALL_CT,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "model.pt").is_file()
