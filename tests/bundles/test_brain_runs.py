"""The brain bundle from the command line, as a user runs it, on small phantoms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
import torch
from support.bundle_command import one_small_step, run_bundle
from support.dicom_files import write_dicom_series
from support.phantom_brains import TILTED, phantom, save_case
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

EVALUATE = ["train.json", "evaluate.json"]
RETEST = ["inference.json", "test_retest.json"]
SMALL = {"slice_size": [32, 32], "network_def__features": 4, "device": "cpu"}


@pytest.fixture(scope="module")
def trained(brain_bundle, labelled_dataset, tmp_path_factory) -> Path:
    """The folder of a training of one epoch, run from a folder that is not the bundle's."""
    folder = tmp_path_factory.mktemp("training")
    result = run_bundle(
        brain_bundle,
        "train.json",
        cwd=folder,
        dataset_dir=labelled_dataset,
        validation_cases=["case1"],
        ckpt_dir=folder / "models",
        output_dir=folder / "logs",
        epochs=1,
        **SMALL,
    )
    assert result.returncode == 0, result.stderr
    return folder


def test_training_writes_flat_weights_checkpoint(trained):
    weights = torch.load(trained / "models/model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in weights.values())
    assert torch.load(trained / "models/checkpoint.pt", weights_only=True)["best_metric_epoch"] == 1


def test_training_logs_loss_and_dice_for_tensorboard(trained):
    events = EventAccumulator(str(trained / "logs")).Reload()
    assert len(events.Scalars("train_loss")) > 1
    assert 0 <= events.Scalars("val_mean_dice")[0].value <= 1


def test_training_goes_on_from_weights_with_another_augmentation(brain_bundle, labelled_dataset, trained, tmp_path):
    one_small_step(
        brain_bundle,
        ["train.json", "age_augmentation.yaml", "finetune.yaml"],
        trained / "models/model.pt",
        tmp_path,
        dataset_dir=labelled_dataset,
        validation_cases=["case1"],
        frozen_batch_statistics=False,
        **SMALL,
    )


def test_training_resumes_where_it_stopped(brain_bundle, labelled_dataset, tmp_path):
    options = {"dataset_dir": labelled_dataset, "ckpt_dir": tmp_path, "output_dir": tmp_path, **SMALL}

    stopped = run_bundle(brain_bundle, "train.json", cwd=tmp_path, epochs=1, time_budget_minutes=0.001, **options)
    assert stopped.returncode == 0, stopped.stderr
    checkpoint = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert 0 < checkpoint["iteration"] < checkpoint["epoch_length"]

    longer = run_bundle(brain_bundle, "train.json", cwd=tmp_path, epochs=3, resume="true", **options)
    assert longer.returncode != 0
    assert longer.stderr.splitlines()[-1].startswith("error: ")
    assert "resume with the same data, batch_size and epochs" in longer.stderr

    resumed = run_bundle(brain_bundle, "train.json", cwd=tmp_path, epochs=1, resume="true", **options)
    assert resumed.returncode == 0, resumed.stderr
    assert f"at iteration {checkpoint['iteration']}." in resumed.stdout
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["iteration"] == checkpoint["epoch_length"]


def test_paper_recipe_trains_another_network_within_its_time_budget(brain_bundle, labelled_dataset, tmp_path):
    result = run_bundle(
        brain_bundle,
        ["train.json", "paper_recipe.yaml", "sdnet.yaml"],
        cwd=tmp_path,
        dataset_dir=labelled_dataset,
        ckpt_dir=tmp_path,
        output_dir=tmp_path,
        time_budget_minutes=0.01,
        **SMALL,
    )
    assert result.returncode == 0, result.stderr
    assert "Time budget of 0.01 minutes used up" in result.stdout
    assert "decoders.0.recal.sse.squeeze.weight" in torch.load(tmp_path / "model.pt", weights_only=True)


def test_training_on_all_cases_keeps_the_last_network(brain_bundle, labelled_dataset, tmp_path):
    result = run_bundle(
        brain_bundle,
        "train.json",
        cwd=tmp_path,
        dataset_dir=labelled_dataset,
        validation_cases=0,
        ckpt_dir=tmp_path,
        output_dir=tmp_path,
        epochs=1,
        **SMALL,
    )
    assert result.returncode == 0, result.stderr
    assert "val_mean_dice" not in result.stdout
    assert (tmp_path / "model.pt").is_file()


@pytest.fixture(scope="module")
def segment(brain_bundle, trained) -> Callable[[Path, Path], None]:
    """Run inference with the trained weights from one folder to another."""

    def run(dataset: Path, output: Path) -> None:
        result = run_bundle(
            brain_bundle,
            "inference.json",
            cwd=trained,
            dataset_dir=dataset,
            output_dir=output,
            ckpt_dir=trained / "models",
            **SMALL,
        )
        assert result.returncode == 0, result.stderr

    return run


@pytest.fixture(scope="module")
def segmented(segment, labelled_dataset, trained) -> Path:
    segment(labelled_dataset / "images", trained / "segmented")
    return trained / "segmented"


def test_inference_writes_all_outputs_of_every_case_and_nothing_else(segmented):
    expected = {f"case{i}_{part}" for i in range(4) for part in ("seg.nii.gz", "volumes.csv", "overlay.png")}
    assert {path.name for path in segmented.iterdir()} == expected | {"volumes.csv"}


def test_segmentation_has_the_grid_of_its_scan(segmented):
    segmentation = nibabel.load(segmented / "case0_seg.nii.gz")
    assert segmentation.shape == (40, 44, 36)
    assert segmentation.get_data_dtype() == np.uint8
    np.testing.assert_allclose(segmentation.affine, TILTED, atol=1e-5)


def test_volume_tables_count_the_voxels(segmented):
    classes = np.asarray(nibabel.load(segmented / "case2_seg.nii.gz").dataobj)
    table = pd.read_csv(segmented / "case2_volumes.csv")
    columns = ["index", "structure", "voxels", "volume_mm3", "touches_border", "confidence", "agreement", "scan", "qc"]
    assert list(table.columns) == columns
    assert set(table["scan"]) == {"skull-stripped"}
    assert table["qc"].str.startswith("no brain of an adult").all()  # the phantom is as large as an egg
    assert table.loc[table["voxels"] > 0, "confidence"].between(0.03, 1).all()
    agreement = table["agreement"].dropna()
    assert len(agreement)
    assert agreement.between(0, 1).all()
    assert table.loc[table["voxels"] == 0, ["confidence", "agreement"]].isna().all(axis=None)
    assert list(table["voxels"]) == [(classes == index).sum() for index in range(1, 28)]
    voxel_mm3 = abs(np.linalg.det(TILTED[:3, :3]))
    np.testing.assert_allclose(table["volume_mm3"], table["voxels"] * voxel_mm3, atol=0.06)
    batch = pd.read_csv(segmented / "volumes.csv")
    assert list(batch.columns) == ["case", *table.columns]
    assert len(batch) == 4 * 27


def test_inference_reads_a_dicom_series(segment, tmp_path):
    options = {"description": "T1w MPRAGE", "modality": "MR", "rescale_intercept": 0, "uid": "1.2.840.20261123"}
    write_dicom_series(tmp_path / "study" / "series", phantom(0)[0], (1.2, 1.1, 1.3), **options)
    segment(tmp_path / "study", tmp_path)
    segmentation = nibabel.load(tmp_path / "series_seg.nii.gz")
    assert segmentation.shape == (40, 44, 36)
    in_ras = np.array([[-1.2, 0, 0, 20], [0, -1.1, 0, 25], [0, 0, 1.3, -10], [0, 0, 0, 1]])
    np.testing.assert_allclose(segmentation.affine, in_ras, atol=1e-5)
    assert (tmp_path / "series_overlay.png").is_file()


def test_evaluation_writes_tables_and_prints_their_mean(brain_bundle, labelled_dataset, trained, tmp_path):
    result = run_bundle(
        brain_bundle,
        EVALUATE,
        cwd=tmp_path,
        dataset_dir=labelled_dataset,
        output_dir=tmp_path,
        ckpt_dir=trained / "models",
        **SMALL,
    )
    assert result.returncode == 0, result.stderr
    metrics = pd.read_csv(tmp_path / "metrics.csv")
    assert list(metrics.columns) == ["case", "structure", "dice", "hd95_mm", "assd_mm", "confidence", "agreement"]
    assert len(metrics) == 4 * 27
    summary = pd.read_csv(tmp_path / "summary.csv").set_index("structure")
    assert f"4 cases: {metrics['dice'].mean():.4f}" in result.stdout
    for measure in ("confidence", "agreement"):
        both = metrics[[measure, "dice"]].dropna()
        assert f"rank correlation (Spearman) {both.rank().corr().iloc[0, 1]:.2f}" in result.stdout
    assert summary.loc["all structures", "dice_mean"] == pytest.approx(metrics["dice"].mean(), rel=1e-4)


def _empty_folder(folder: Path) -> dict:
    return {"dataset_dir": folder}


def _not_an_image(folder: Path) -> dict:
    (folder / "broken.nii.gz").write_text("no image")
    return {"dataset_dir": folder}


def _truncated_image(folder: Path) -> dict:
    save_case(folder, "cut", *phantom(0))
    whole = (folder / "images/cut.nii.gz").read_bytes()
    (folder / "images/cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    return {"dataset_dir": folder}


def _missing_weights(folder: Path) -> dict:
    save_case(folder, "case", *phantom(0))
    return {"dataset_dir": folder, "ckpt_path": folder / "nowhere.pt"}


def _label_of_another_shape(folder: Path) -> dict:
    save_case(folder, "case", phantom(0)[0], phantom(0)[1][:-3])
    return {"dataset_dir": folder}


def _unknown_label(folder: Path) -> dict:
    image, label = phantom(0)
    label[20, 20, 20] = 999
    save_case(folder, "case", image, label)
    return {"dataset_dir": folder}


def _retest_of_another_name(folder: Path) -> dict:
    for part, name in (("test", "anna"), ("retest", "anne")):
        save_case(folder, name, *phantom(0))
        (folder / part).mkdir()
        (folder / "images" / f"{name}.nii.gz").rename(folder / part / f"{name}.nii.gz")
    return {"dataset_dir": folder}


def _truncated_retest(folder: Path) -> dict:
    options = _truncated_image(folder)
    (folder / "images").rename(folder / "retest")
    save_case(folder, "cut", *phantom(0))
    (folder / "images").rename(folder / "test")
    return options


@pytest.mark.parametrize(
    ("config", "prepare", "named"),
    [
        ("inference.json", _empty_folder, "no images found"),
        ("inference.json", _not_an_image, "broken.nii.gz: cannot be read as an image"),
        ("inference.json", _truncated_image, "cut.nii.gz: cannot be read as an image"),
        ("inference.json", _missing_weights, "nowhere.pt: no such file"),
        (EVALUATE, _missing_weights, "nowhere.pt: no such file"),
        ("train.json", _empty_folder, "images: no such folder"),
        ("train.json", _unknown_label, "case.nii.gz: unknown label 999"),
        (EVALUATE, _label_of_another_shape, "case.nii.gz: shape (37, 44, 36) differs from its image"),
        (EVALUATE, _unknown_label, "case.nii.gz: unknown label 999"),
        (RETEST, _retest_of_another_name, "test/anna.nii.gz: no scan of this name in "),
        (RETEST, _truncated_retest, "retest/cut.nii.gz: cannot be read as an image"),
    ],
)
def test_bad_input_ends_in_one_line_that_names_it(brain_bundle, tmp_path, config, prepare, named):
    data, output = tmp_path / "data", tmp_path / "output"
    data.mkdir()
    options = prepare(data)
    if config == "inference.json" and (data / "images").is_dir():
        options["dataset_dir"] = data / "images"
    if config == "train.json":
        options["ckpt_dir"] = output
    result = run_bundle(brain_bundle, config, cwd=tmp_path, output_dir=output, device="cpu", **options)
    assert result.returncode != 0
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert named in errors[0] + result.stdout  # where one case of two fails, the log names it
    assert "Traceback" not in result.stderr
    assert not output.exists() or all(file.name.endswith(("_failure.csv", "failures.csv")) for file in output.iterdir())
