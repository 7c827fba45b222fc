"""The whole-body CT bundle from the command line, as a user runs it, on small synthetic CT scans."""

from __future__ import annotations

import shutil
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pandas as pd
import pytest
import torch
from support.bundle_command import one_small_step, run_bundle
from support.dicom_files import write_dicom_series
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_scse.synthetic.ct.torso import synthetic_ct

EVALUATE = ["train.json", "evaluate.json"]
SMALL = {
    "slice_size": [48, 48],
    "spacing": [9, 9, 9],
    "network_def__features": 4,
    "device": "cpu",
    "label_numbers": "synthetic",
}
SMALL_INFERENCE = {name: value for name, value in SMALL.items() if name != "label_numbers"}


@pytest.fixture(scope="module")
def trained(ct_bundle, ct_dataset, tmp_path_factory) -> Path:
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
        **SMALL,
    )
    assert result.returncode == 0, result.stderr
    assert "3 cases (pairs), 0 of them not annotated completely" in result.stdout
    return folder


def test_training_writes_flat_weights_and_checkpoint(trained):
    weights = torch.load(trained / "models/model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in weights.values())
    assert torch.load(trained / "models/checkpoint.pt", weights_only=True)["best_metric_epoch"] == 1


def test_training_logs_loss_dice_and_gates_for_tensorboard(trained):
    events = EventAccumulator(str(trained / "logs"), size_guidance={"images": 0}).Reload()
    assert len(events.Scalars("train_loss")) > 1
    assert 0 <= events.Scalars("val_mean_dice")[0].value <= 1
    tags = events.Tags()
    assert "gates/encoders.0.recal/channel_mean" in tags["scalars"]
    assert "gates/decoders.3.recal/map" in tags["images"]


@pytest.mark.parametrize("overlays", [[], ["test_time_augmentation.yaml"]])
def test_inference_writes_all_outputs_on_the_grid_of_the_scan(ct_bundle, ct_dataset, trained, tmp_path, overlays):
    options = {"dataset_dir": ct_dataset / "images", "output_dir": tmp_path, "ckpt_dir": trained / "models"}
    result = run_bundle(ct_bundle, ["inference.json", *overlays], cwd=tmp_path, **options, **SMALL_INFERENCE)
    assert result.returncode == 0, result.stderr
    expected = {f"ct_000{i}_{part}" for i in range(3) for part in ("seg.nii.gz", "volumes.csv", "overlay.png")}
    assert {path.name for path in tmp_path.iterdir()} == expected | {"volumes.csv"}
    scan = nibabel.load(ct_dataset / "images/ct_0000.nii.gz")
    segmentation = nibabel.load(tmp_path / "ct_0000_seg.nii.gz")
    assert segmentation.shape == scan.shape
    assert segmentation.get_data_dtype() == np.uint8
    np.testing.assert_allclose(segmentation.affine, scan.affine, atol=1e-5)
    volumes = pd.read_csv(tmp_path / "ct_0000_volumes.csv")
    assert list(volumes["structure"][:2]) == ["liver", "spleen"]
    assert list(volumes) == ["index", "structure", "voxels", "volume_mm3", "touches_border", "confidence", "qc"]


def test_user_with_other_organs_changes_the_config_alone(ct_bundle, ct_dataset, tmp_path):
    organs = [
        {"name": "bone", "colour": [240, 220, 180], "synthetic": [14]},
        {"name": "heart", "colour": [200, 30, 30], "synthetic": [16]},
        {"name": "pancreas", "colour": [250, 200, 100]},
    ]
    options = {"organs": organs, "dataset_dir": ct_dataset, "ckpt_dir": tmp_path}
    result = run_bundle(
        ct_bundle, "train.json", cwd=tmp_path, epochs=1, output_dir=tmp_path, validation_cases=0, **options, **SMALL
    )
    assert result.returncode == 0, result.stderr
    assert "not annotated: pancreas" in result.stdout
    result = run_bundle(ct_bundle, EVALUATE, cwd=tmp_path, output_dir=tmp_path, **options, **SMALL)
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


def test_phantom_gives_an_empty_segmentation_and_says_why(ct_bundle, trained, tmp_path):
    x, y = np.mgrid[-22:23, -22:23] * 9
    water = np.where(np.hypot(x, y) < 160, 5, -1000).astype(np.int16)  # 320 mm wide
    _write(tmp_path, np.repeat(water[..., None], 20, axis=2))
    options = {"dataset_dir": tmp_path / "images", "output_dir": tmp_path / "out", "ckpt_dir": trained / "models"}
    result = run_bundle(ct_bundle, "inference.json", cwd=tmp_path, **options, **SMALL_INFERENCE)
    assert result.returncode == 0, result.stderr
    assert not np.asarray(nibabel.load(tmp_path / "out/case_seg.nii.gz").dataobj).any()
    assert set(pd.read_csv(tmp_path / "out/volumes.csv")["qc"]) == {"no body: 0.0 % fat, expected 3 %"}


def test_shipped_weights_invent_no_organs_below_the_bladder(ct_bundle, tmp_path):
    """Hips and thighs: a body of an adult, in a field of view that holds none of the organs."""
    torso = synthetic_ct(3, field_of_view="abdomen and pelvis")
    below = slice(0, int(np.flatnonzero(np.isin(torso.labels, range(1, 11)).any(axis=(0, 1)))[0]))
    assert below.stop > 10
    nibabel.save(nibabel.Nifti1Image(torso.image[..., below], torso.affine), tmp_path / "hips.nii.gz")
    result = run_bundle(
        ct_bundle, "inference.json", cwd=tmp_path, dataset_dir=tmp_path / "hips.nii.gz", output_dir=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert not np.asarray(nibabel.load(tmp_path / "hips_seg.nii.gz").dataobj).any()
    assert pd.read_csv(tmp_path / "volumes.csv")["qc"].notna().all()


@pytest.mark.parametrize("frozen", [True, False])
def test_fine_tuning_starts_from_weights_and_may_keep_their_batch_statistics(
    ct_bundle, ct_dataset, trained, tmp_path, frozen
):
    before, after = one_small_step(
        ct_bundle,
        ["train.json", "finetune.yaml"],
        trained / "models/model.pt",
        tmp_path,
        dataset_dir=ct_dataset,
        validation_cases=["ct_0001"],
        frozen_batch_statistics=frozen,
        **SMALL,
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
        **SMALL,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "model.pt").is_file()


def test_dicom_round_trip_of_a_real_ct(ct_bundle, example_ct, tmp_path):
    """A real scan becomes a DICOM series in a folder with a scout, and comes back as NIfTI and as DICOM SEG."""
    scan = nibabel.as_closest_canonical(nibabel.load(example_ct / "example_ct_sm.nii.gz"))
    values = scan.get_fdata()[::-1, ::-1]  # axes to the left, back and head
    spacing = np.abs(np.diag(scan.affine)[:3])
    origin = [*(-(scan.affine[:3, 3] + np.diag(scan.affine)[:3] * (np.array(scan.shape) - 1))[:2]), scan.affine[2, 3]]
    write_dicom_series(tmp_path / "study", values, spacing, origin, description="Abdomen", uid="1.2.3.20180001")
    write_dicom_series(tmp_path / "study", values[..., :1], spacing, description="Scout", image_type=("A", "LOCALIZER"))
    (tmp_path / "study" / "notes.txt").write_text("stray")
    out = tmp_path / "out"
    result = run_bundle(
        ct_bundle,
        "inference.json",
        cwd=tmp_path,
        dataset_dir=tmp_path / "study",
        output_dir=out,
        dicom_seg="true",
        device="cpu",
    )
    assert result.returncode == 0, result.stderr
    assert "a localizer, left out" in result.stdout + result.stderr

    nifti = nibabel.load(out / "Abdomen_20180001_seg.nii.gz")
    classes = np.asarray(nifti.dataobj)
    np.testing.assert_allclose(
        np.asarray(nibabel.as_closest_canonical(nifti).affine), scan.affine, atol=1e-3
    )  # the place of the scan that the series was made from
    assert len(np.unique(classes)) > 3  # some organs were found
    volume = highdicom.seg.segread(out / "Abdomen_20180001_seg.dcm").get_volume(combine_segments=True)
    indices = np.argwhere(volume.array > 0)
    world = nibabel.affines.apply_affine(volume.affine, indices) * [-1, -1, 1]
    voxels = np.rint(nibabel.affines.apply_affine(np.linalg.inv(nifti.affine), world)).astype(int)
    found = np.zeros_like(classes)
    found[tuple(voxels.T)] = volume.array[tuple(indices.T)]
    np.testing.assert_array_equal(found, classes)


def _write(folder: Path, image: np.ndarray, label: np.ndarray | None = None) -> None:
    for part, volume in (("images", image), ("labels", label)):
        if volume is not None:
            (folder / part).mkdir(parents=True, exist_ok=True)
            affine = np.diag([-9.0, -9.0, 9.0, 1.0])
            nibabel.save(nibabel.Nifti1Image(volume, affine), folder / part / "case.nii.gz")


@pytest.fixture(scope="module")
def ct():
    return synthetic_ct(5, spacing=(9, 9, 9))


def _few_slices(folder, ct):
    _write(folder, ct.image[:, :, :3])


def _without_offset(folder, ct):
    _write(folder, ct.image + 1024)


def _empty_label(folder, ct):
    _write(folder, ct.image, np.zeros_like(ct.labels))


def _tilted_series(folder, ct):
    column = (0, np.cos(0.3), -np.sin(0.3))
    positions = [(0, 0, 9 * i) for i in range(ct.image.shape[2])]
    write_dicom_series(folder / "images", ct.image, (9, 9, 9), positions=positions, orientation=(1, 0, 0, *column))


def _nothing_annotated(folder, ct):
    (folder / "s0001/segmentations").mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(ct.image, ct.affine), folder / "s0001/ct.nii.gz")


@pytest.mark.parametrize(
    ("config", "prepare", "options", "named"),
    [
        ("inference.json", _few_slices, {}, "case.nii.gz: 3 slices of shape"),
        ("inference.json", _without_offset, {}, "case.nii.gz: values from 0 to"),
        ("inference.json", _tilted_series, {}, "gantry tilt of 17.2 degrees"),
        ("train.json", _empty_label, {}, "labels/case.nii.gz: empty, no voxel is labelled"),
        (EVALUATE, _empty_label, {}, "labels/case.nii.gz: empty, no voxel is labelled"),
        ("train.json", _nothing_annotated, {"layout": "totalsegmentator"}, "none of the 10 organs is annotated"),
        ("train.json", _empty_label, {"layout": "visceral"}, "no cases in the layout 'visceral'"),
    ],
)
def test_bad_input_ends_in_one_line_that_names_it(ct_bundle, ct, tmp_path, config, prepare, options, named):
    data, output = tmp_path / "data", tmp_path / "output"
    prepare(data, ct)
    dataset = data / "images" if config == "inference.json" else data
    if config == "train.json":
        options = {**options, "ckpt_dir": output, "validation_cases": 0}
    result = run_bundle(
        ct_bundle, config, cwd=tmp_path, dataset_dir=dataset, output_dir=output, device="cpu", **options
    )
    assert result.returncode != 0
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert named in errors[0]
    assert "Traceback" not in result.stderr
    assert not output.exists() or not list(output.iterdir())


def test_mr_image_is_warned_of(ct_bundle, trained, tmp_path):
    generator = np.random.default_rng(0)
    _write(tmp_path, generator.uniform(0, 800, (30, 30, 20)).astype(np.float32))
    options = {"dataset_dir": tmp_path / "images", "output_dir": tmp_path / "out", "ckpt_dir": trained / "models"}
    result = run_bundle(ct_bundle, "inference.json", cwd=tmp_path, **options, **SMALL_INFERENCE)
    assert result.returncode == 0, result.stderr
    assert "case.nii.gz: values from" in result.stdout + result.stderr
    assert "do not look like a CT in Hounsfield units; an MR image?" in result.stdout + result.stderr


def test_scan_without_offset_is_read_with_the_option_that_the_error_names(ct_bundle, ct, trained, tmp_path):
    _write(tmp_path, ct.image + 1024)
    options = {"dataset_dir": tmp_path / "images", "output_dir": tmp_path / "out", "ckpt_dir": trained / "models"}
    result = run_bundle(ct_bundle, "inference.json", cwd=tmp_path, hu_offset=-1024, **options, **SMALL_INFERENCE)
    assert result.returncode == 0, result.stderr
