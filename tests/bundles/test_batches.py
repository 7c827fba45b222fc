"""A folder of scans of which some fail: the others are segmented or evaluated, and the failures are named."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from monai.bundle import ConfigParser
from support.bundle_command import run_bundle
from support.small_cases import SMALL, save_small_cases, save_tiny_weights

OPTIONS = {
    name: {
        "network_def__features": 4,
        "device": "cpu",
        **{key: value for key, value in small.items() if key != "label_numbers"},
    }
    for name, small in SMALL.items()
}
FAILURES = ["case", "file", "reason", "cure"]


@pytest.fixture(params=["brain", "ct"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_bundle")


@pytest.fixture
def weights(bundle: Path, tmp_path: Path) -> Path:
    """Random weights of a tiny network."""
    return save_tiny_weights(bundle, tmp_path / "tiny.pt")


@pytest.fixture
def scans(bundle: Path, tmp_path: Path) -> Path:
    """Labelled cases: good, cut short, of four dimensions, good, with NaN."""
    save_small_cases(bundle.name, tmp_path / "scans", range(2))
    images = tmp_path / "scans/images"
    for part in ("images", "labels"):
        for file, case in zip(sorted((tmp_path / "scans" / part).iterdir()), ("a_good", "d_good")):
            file.rename(file.with_name(f"{case}.nii.gz"))
    scan = nibabel.load(images / "a_good.nii.gz")
    voxels = scan.get_fdata(dtype=np.float32)
    (images / "b_cut_short.nii.gz").write_bytes((images / "a_good.nii.gz").read_bytes()[:-1000])
    nibabel.save(nibabel.Nifti1Image(np.stack([voxels] * 3, axis=-1), scan.affine), images / "c_series.nii.gz")
    voxels[3, 3, 3] = np.nan
    nibabel.save(nibabel.Nifti1Image(voxels, scan.affine), images / "e_nan.nii.gz")
    label = tmp_path / "scans/labels/a_good.nii.gz"
    for case in ("b_cut_short", "c_series", "e_nan"):
        shutil.copy(label, label.with_name(f"{case}.nii.gz"))
    return images


def segment(bundle: Path, scans: Path, weights: Path, output: Path, **options: object):
    return run_bundle(
        bundle,
        "inference.json",
        cwd=output.parent,
        dataset_dir=scans,
        output_dir=output,
        ckpt_path=weights,
        **OPTIONS[bundle.name],
        **options,
    )


def names(folder: Path, suffix: str) -> set[str]:
    return {file.name.removesuffix(suffix) for file in folder.glob(f"*{suffix}")}


@pytest.mark.situation(
    "A folder with a scan cut short, one of four dimensions and one with NaN between good ones",
    "the good ones are segmented, failures.csv has a row for each other one, exit status 1",
    source="reported by users of FastSurfer and TotalSegmentator",
)
def test_scans_that_fail_cost_themselves(bundle, scans, weights, tmp_path):
    output = tmp_path / "out"
    done = segment(bundle, scans, weights, output)
    assert done.returncode == 1
    *_, last = done.stderr.strip().splitlines()
    assert last.startswith("error: 2 cases succeeded, 3 failed; see ")
    assert names(output, "_seg.nii.gz") == names(output, "_overlay.png") == {"a_good", "d_good"}
    assert set(pd.read_csv(output / "volumes.csv")["case"]) == {"a_good", "d_good"}
    failures = pd.read_csv(output / "failures.csv")
    assert list(failures) == FAILURES
    assert list(failures["case"]) == ["b_cut_short", "c_series", "e_nan"]
    assert list(failures["file"]) == [str(scans / f"{case}.nii.gz") for case in failures["case"]]
    assert failures["cure"].str.len().gt(5).all()
    assert "NaN" in failures["reason"][2]
    assert not [file for file in output.iterdir() if file.name.startswith(".")]


@pytest.mark.situation(
    "A run that was stopped, started again with --skip_existing true",
    "only what is missing or incomplete is segmented; volumes.csv holds all cases",
)
def test_only_what_is_missing(bundle, scans, weights, tmp_path):
    output = tmp_path / "out"
    for bad in ("b_cut_short", "c_series", "e_nan"):
        (scans / f"{bad}.nii.gz").unlink()
    shutil.copy(scans / "a_good.nii.gz", scans / "g_good.nii.gz")
    assert segment(bundle, scans, weights, output).returncode == 0
    whole = {file.name: file.stat().st_mtime_ns for file in output.iterdir()}
    cut = output / "d_good_seg.nii.gz"
    cut.write_bytes(cut.read_bytes()[:-20])
    (output / "g_good_volumes.csv").unlink()
    done = segment(bundle, scans, weights, output, skip_existing="true")
    assert done.returncode == 0, done.stderr
    assert "1 of 3 cases are complete" in done.stdout + done.stderr
    changed = {file.name for file in output.iterdir() if whole[file.name] != file.stat().st_mtime_ns}
    assert changed == {
        f"{case}_{part}" for case in ("d_good", "g_good") for part in ("seg.nii.gz", "volumes.csv", "overlay.png")
    } | {"volumes.csv"}
    nibabel.load(cut).get_fdata()
    assert set(pd.read_csv(output / "volumes.csv")["case"]) == {"a_good", "d_good", "g_good"}
    done = segment(bundle, scans, weights, output, skip_existing=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.situation("The mended scan, segmented again into the same folder", "its row leaves failures.csv")
def test_mended_scan_leaves_the_table(ct_bundle, tmp_path):
    bundle, weights = ct_bundle, save_tiny_weights(ct_bundle, tmp_path / "tiny.pt")
    save_small_cases(bundle.name, tmp_path / "scans", [0])
    (scan,) = (tmp_path / "scans/images").iterdir()
    content = scan.read_bytes()
    scan.write_bytes(content[:2000])
    done = segment(bundle, scan.parent, weights, tmp_path / "out")
    assert (done.returncode, list(names(tmp_path / "out", "_seg.nii.gz"))) == (1, [])
    assert len(pd.read_csv(tmp_path / "out/failures.csv")) == 1
    scan.write_bytes(content)
    done = segment(bundle, scan.parent, weights, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "out").glob("*failure*"))


@pytest.mark.situation(
    "Evaluation of a folder in which some scans cannot be read", "the others are scored, failures.csv names the rest"
)
def test_evaluation_scores_the_others(bundle, scans, weights, tmp_path):
    output = tmp_path / "out"
    numbers = {"label_numbers": "synthetic"} if bundle.name.startswith("whole") else {}
    done = run_bundle(
        bundle,
        ["train.json", "evaluate.json"],
        cwd=tmp_path,
        dataset_dir=scans.parent,
        output_dir=output,
        ckpt_path=weights,
        **numbers,
        **OPTIONS[bundle.name],
    )
    assert done.returncode == 1
    assert "error: 2 cases succeeded, 3 failed; see " in done.stderr
    assert set(pd.read_csv(output / "metrics.csv")["case"]) == {"a_good", "d_good"}
    assert list(pd.read_csv(output / "failures.csv")["case"]) == ["b_cut_short", "c_series", "e_nan"]


@pytest.mark.situation(
    "A scan that needs more memory than there is", "it is a row of failures.csv, the next scan is segmented"
)
def test_memory_error_costs_its_scan(ct_bundle, tmp_path, monkeypatch):
    save_small_cases(ct_bundle.name, tmp_path / "scans", range(2))
    parser = ConfigParser()
    parser.read_config(str(ct_bundle / "configs/inference.json"))
    parser.update({"network_def#features": 4, "dataset_dir": str(tmp_path / "scans/images"), "device": "cpu"})
    parser.update({"spacing": [9, 9, 9], "slice_size": [48, 48], "output_dir": str(tmp_path / "out")})
    parser["ckpt_path"] = str(save_tiny_weights(ct_bundle, tmp_path / "tiny.pt"))
    evaluator, failures = parser.get_parsed_content("evaluator"), parser.get_parsed_content("failures")
    inferer, calls = evaluator.inferer, []

    def first_fails(*args):
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError
        return inferer(*args)

    monkeypatch.setattr(evaluator, "inferer", first_fails)
    evaluator.run()
    with pytest.raises(ValueError, match="1 case succeeded, 1 failed"):
        failures.check()
    (row,) = pd.read_csv(tmp_path / "out/failures.csv").to_dict("records")
    assert row["reason"] == "needs more memory than is free"
    assert len(names(tmp_path / "out", "_seg.nii.gz")) == 1
