"""Test-retest comparisons from the command line: a scan and its turned, shifted, resampled and noised copy."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from monai.bundle import ConfigWorkflow
from support.bundle_command import run_bundle
from support.rescans import rescan

from monai_scse.synthetic.ct.torso import synthetic_ct

ROTATION, TRANSLATION = (5, -3, 8), (7, -4, 10)


def save_pair(folder: Path, image: np.ndarray, affine: np.ndarray, spacing: tuple[float, ...], noise: float) -> None:
    copy, grid = rescan(image, affine, ROTATION, TRANSLATION, spacing, noise)
    for part, volume, place in (("test", image, affine), ("retest", copy, grid)):
        (folder / part).mkdir(parents=True)
        nibabel.save(nibabel.Nifti1Image(volume.astype(np.int16), place), folder / part / "case.nii.gz")


def check_registration(table: pd.DataFrame, within_mm: float, correlation: float) -> None:
    sides = ("right", "anterior", "superior")
    parts = (("rotation", "deg", ROTATION, 0.5), ("translation", "mm", TRANSLATION, within_mm))
    for name, unit, known, within in parts:
        found = table.loc[0, [f"{name}_{side}_{unit}" for side in sides]].to_numpy(dtype=float)
        np.testing.assert_allclose(found, known, atol=within)
    assert table.loc[0, "correlation"] > correlation


@pytest.mark.long
def test_brain_and_its_copy(brain_bundle, malc2012, tmp_path):
    scan = nibabel.load(malc2012 / "images/1008.nii.gz")
    save_pair(tmp_path / "data", scan.get_fdata(), scan.affine, spacing=(1.1, 1.0, 1.2), noise=50)
    options = {"dataset_dir": tmp_path / "data", "output_dir": tmp_path / "out", "device": "cpu"}
    result = run_bundle(brain_bundle, ["inference.json", "test_retest.json"], cwd=tmp_path, **options)
    assert result.returncode == 0, result.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"test_retest.csv", "test_retest_summary.csv"}
    table = pd.read_csv(tmp_path / "out/test_retest.csv")
    assert len(table) == 27
    check_registration(table, within_mm=0.5, correlation=0.95)
    summary = pd.read_csv(tmp_path / "out/test_retest_summary.csv").set_index("structure")
    cov, dice = summary.loc["all structures", ["cov_percent_mean", "dice_mean"]]
    assert f"Mean CoV {cov:.2f} %, mean Dice {dice:.4f}" in result.stdout
    assert cov < 5  # 3.0 when written
    assert dice > 0.88  # 0.907 when written
    for side in ("left", "right"):
        assert summary.loc[f"{side} cerebral cortex", "cov_percent_mean"] < 2
        assert summary.loc[f"{side} cerebral white matter", "dice_mean"] > 0.9


@pytest.mark.long
def test_ct_and_its_copy(ct_bundle, tmp_path):
    ct = synthetic_ct(0, spacing=(4, 4, 4), field_of_view="abdomen")
    save_pair(tmp_path / "data", ct.image, ct.affine, spacing=(3.5, 4, 4.5), noise=10)
    workflow = ConfigWorkflow(
        [str(ct_bundle / "configs" / name) for name in ("inference.json", "test_retest.json")],
        workflow_type="infer",
        logging_file=False,
        bundle_root=str(ct_bundle),
        dataset_dir=str(tmp_path / "data"),
        output_dir=str(tmp_path / "out"),
        device="cpu",
        spacing=[4, 4, 4],
    )
    workflow.initialize()
    workflow.run()
    table = pd.read_csv(tmp_path / "out/test_retest.csv")
    assert len(table) == 10
    check_registration(table, within_mm=1.5, correlation=0.7)  # the window of intensities has another centre of mass
    assert table.loc[table["structure"] == "liver", "dice"].item() > 0.7  # 4 mm are coarse for this bundle
