"""Test-retest tables of segmentations made by hand."""

from __future__ import annotations

import logging
import math

import numpy as np
import pandas as pd
import pytest
import torch
from monai.data import MetaTensor
from support.evaluator_steps import run_on_outputs
from support.phantom_brains import phantom

from monai_scse.handlers import RetestScores
from monai_scse.labels import Structure

STRUCTURES = [Structure(name, (0, 0, 0)) for name in ("background", "grown", "only in the retest", "absent", "same")]
SHAPE = (64, 100, 48)
AFFINE = torch.diag(torch.tensor([1.0, 1, 2, 1], dtype=torch.float64))  # 2 mm3 a voxel


def output(folder: str, name: str, image: np.ndarray, classes: np.ndarray) -> dict[str, MetaTensor]:
    """What the evaluator gives for a scan, a slab of three slices as image."""
    slab = np.stack([np.zeros_like(image), image, np.zeros_like(image)]).astype(np.float32)
    meta = {"filename_or_obj": f"{folder}/{name}.nii.gz"}
    return {
        "image": MetaTensor(torch.from_numpy(slab), affine=AFFINE),
        "pred": MetaTensor(torch.from_numpy(classes)[None].float(), affine=AFFINE, meta=meta),
    }


@pytest.fixture
def first() -> np.ndarray:
    classes = np.zeros(SHAPE, dtype=np.uint8)
    classes[20:30, 20:30, 20:29] = 1  # 900 voxels
    classes[40:45, 40:45, 30:35] = 4
    return classes


@pytest.fixture
def second(first) -> np.ndarray:
    classes = first.copy()
    classes[20:30, 20:30, 29:31] = 1  # 1100 voxels
    classes[5, 5, 5] = 2
    return classes


def test_tables_by_hand(tmp_path, capsys, first, second):
    image, _ = phantom(0, SHAPE)
    pairs = [("a", first, second), ("b", first, first)]
    outputs = [output(*part) for name, *two in pairs for part in zip(("test", "retest"), [name] * 2, [image] * 2, two)]
    run_on_outputs(RetestScores(str(tmp_path), STRUCTURES), outputs)

    table = pd.read_csv(tmp_path / "test_retest.csv")
    assert list(table.columns[:7]) == [
        *("case", "structure", "test_volume_mm3", "retest_volume_mm3", "difference_percent", "cov_percent", "dice")
    ]
    assert [column.rpartition("_")[0] for column in table.columns[7:13]] == [
        f"{part}_{side}" for part in ("rotation", "translation") for side in ("right", "anterior", "superior")
    ]
    assert abs(table[table.columns[7:13]]).to_numpy().max() < 0.1
    assert table["correlation"].min() > 0.99

    grown, appeared, absent, same = table[table["case"] == "a"].to_dict("records")
    assert (grown["test_volume_mm3"], grown["retest_volume_mm3"]) == (1800, 2200)
    assert grown["difference_percent"] == 20
    assert grown["cov_percent"] == pytest.approx(20 / math.sqrt(2), rel=1e-4)
    assert grown["dice"] == pytest.approx(2 * 900 / 2000)
    assert (appeared["difference_percent"], appeared["dice"]) == (200, 0)
    assert appeared["cov_percent"] == pytest.approx(100 * math.sqrt(2), rel=1e-4)
    assert (absent["test_volume_mm3"], absent["retest_volume_mm3"]) == (0, 0)
    assert all(math.isnan(absent[measure]) for measure in ("difference_percent", "cov_percent", "dice"))
    assert (same["difference_percent"], same["cov_percent"], same["dice"]) == (0, 0, 1)

    summary = pd.read_csv(tmp_path / "test_retest_summary.csv").set_index("structure")
    assert list(summary.columns) == ["cov_percent_mean", "cov_percent_std", "dice_mean", "dice_std"]
    assert summary.loc["grown", "cov_percent_mean"] == pytest.approx(10 / math.sqrt(2), rel=1e-4)
    assert summary.loc["grown", "cov_percent_std"] == pytest.approx(10, rel=1e-4)  # of 0 and 14.14
    assert summary.loc["grown", "dice_mean"] == pytest.approx(0.95)
    assert summary.loc["absent"].isna().all()
    # three structures are there in a, two in b
    mean_cov = (20 / math.sqrt(2) + 100 * math.sqrt(2)) / 5
    assert summary.loc["all structures", "cov_percent_mean"] == pytest.approx(mean_cov, rel=1e-4)
    told = f"Mean CoV {mean_cov:.2f} %, mean Dice {(0.9 + 0 + 1 + 1 + 1) / 5:.4f} over 4 structures"
    assert told in capsys.readouterr().out


def test_scans_that_differ_have_volumes_but_no_dice(tmp_path, caplog, first, second):
    image, _ = phantom(0, SHAPE)
    other = np.random.default_rng(0).uniform(0, 1000, SHAPE)
    outputs = [output("test", "a", image, first), output("retest", "a", other, second)]
    with caplog.at_level(logging.WARNING):
        run_on_outputs(RetestScores(str(tmp_path), STRUCTURES), outputs)
    (record,) = [record for record in caplog.records if record.name.startswith("monai_scse")]
    assert record.getMessage().startswith("a: registration implausible, correlation ")
    assert "is below 0.7: no Dice for this case; check that both scans are of the same person" in record.getMessage()
    table = pd.read_csv(tmp_path / "test_retest.csv")
    assert table["dice"].isna().all()
    assert table.loc[0, "cov_percent"] == pytest.approx(20 / math.sqrt(2), rel=1e-4)
