"""The whole-body CT bundle from the command line, as a user runs it, on small synthetic CT scans."""

from __future__ import annotations

from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pandas as pd
import pytest
import torch
from support.bundle_command import SMALL_CT, run_bundle
from support.dicom_files import write_dicom_series
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_scse.synthetic.ct.torso import synthetic_ct

EVALUATE = ["train.json", "evaluate.json"]
SMALL_INFERENCE = {name: value for name, value in SMALL_CT.items() if name != "label_numbers"}


def test_training_writes_flat_weights_and_checkpoint(trained_ct):
    weights = torch.load(trained_ct / "models/model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in weights.values())
    assert torch.load(trained_ct / "models/checkpoint.pt", weights_only=True)["best_metric_epoch"] == 1


def test_training_logs_loss_dice_and_gates_for_tensorboard(trained_ct):
    events = EventAccumulator(str(trained_ct / "logs"), size_guidance={"images": 0}).Reload()
    assert len(events.Scalars("train_loss")) > 1
    assert 0 <= events.Scalars("val_mean_dice")[0].value <= 1
    tags = events.Tags()
    assert "gates/encoders.0.recal/channel_mean" in tags["scalars"]
    assert "gates/decoders.3.recal/map" in tags["images"]


@pytest.mark.parametrize("overlays", [[], ["test_time_augmentation.yaml"]])
def test_inference_writes_all_outputs_on_the_grid_of_the_scan(ct_bundle, ct_dataset, trained_ct, tmp_path, overlays):
    options = {"dataset_dir": ct_dataset / "images", "output_dir": tmp_path, "ckpt_dir": trained_ct / "models"}
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


def test_phantom_gives_an_empty_segmentation_and_says_why(ct_bundle, trained_ct, tmp_path):
    x, y = np.mgrid[-22:23, -22:23] * 9
    water = np.where(np.hypot(x, y) < 160, 5, -1000).astype(np.int16)  # 320 mm wide
    _write(tmp_path, np.repeat(water[..., None], 20, axis=2))
    options = {"dataset_dir": tmp_path / "images", "output_dir": tmp_path / "out", "ckpt_dir": trained_ct / "models"}
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

    (row,) = pd.read_csv(out / "cases.csv").fillna("").astype(str).to_dict("records")
    assert (row["case"], row["folder"]) == ("study", str(tmp_path / "study"))
    assert (row["series_uid"], row["description"]) == ("1.2.3.20180001", "Abdomen")
    nifti = nibabel.load(out / "study_seg.nii.gz")
    classes = np.asarray(nifti.dataobj)
    np.testing.assert_allclose(
        np.asarray(nibabel.as_closest_canonical(nifti).affine), scan.affine, atol=1e-3
    )  # the place of the scan that the series was made from
    assert len(np.unique(classes)) > 3  # some organs were found
    volume = highdicom.seg.segread(out / "study_seg.dcm").get_volume(combine_segments=True)
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


def _scaled_label(folder, ct):
    _write(folder, ct.image, (ct.labels * 0.1).astype(np.float32))


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
        ("train.json", _scaled_label, {}, "labels/case.nii.gz: value 0.1, 0.2, "),
        (EVALUATE, _scaled_label, {}, "labels/case.nii.gz: value 0.1, 0.2, "),
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
    assert all(file.name.endswith(("_failure.csv", "failures.csv")) for file in output.iterdir())


def test_mr_image_is_warned_of(ct_bundle, trained_ct, tmp_path):
    generator = np.random.default_rng(0)
    _write(tmp_path, generator.uniform(0, 800, (30, 30, 20)).astype(np.float32))
    options = {"dataset_dir": tmp_path / "images", "output_dir": tmp_path / "out", "ckpt_dir": trained_ct / "models"}
    result = run_bundle(ct_bundle, "inference.json", cwd=tmp_path, **options, **SMALL_INFERENCE)
    assert result.returncode == 0, result.stderr
    assert "case.nii.gz: values from" in result.stdout + result.stderr
    assert "do not look like a CT in Hounsfield units; an MR image?" in result.stdout + result.stderr


def test_scan_without_offset_is_read_with_the_option_that_the_error_names(ct_bundle, ct, trained_ct, tmp_path):
    _write(tmp_path, ct.image + 1024)
    options = {"dataset_dir": tmp_path / "images", "output_dir": tmp_path / "out", "ckpt_dir": trained_ct / "models"}
    result = run_bundle(ct_bundle, "inference.json", cwd=tmp_path, hu_offset=-1024, **options, **SMALL_INFERENCE)
    assert result.returncode == 0, result.stderr
