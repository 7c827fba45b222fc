"""Training, inference and export on a machine without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.bundle_command import bundle_options, spawn_verb
from support.small_cases import SMALL, save_small_cases

pytestmark = pytest.mark.long

BUNDLES = Path(__file__).parents[2] / "bundles"


@pytest.mark.situation("A machine without a network", "trains, segments and exports; no connection is tried")
@pytest.mark.parametrize("name", SMALL)
def test_no_command_connects_to_another_machine(name: str, refused: Path, tmp_path: Path) -> None:
    save_small_cases(name, tmp_path / "data", range(2))
    bundle, small = BUNDLES / name, {"network_def__features": 4, "device": "cpu", **SMALL[name]}
    ckpt_dir, out = tmp_path / "models", tmp_path / "out"
    labelled = {"dataset_dir": tmp_path / "data", "validation_cases": 0, "epochs": 1}
    train = {**bundle_options(bundle, "train.json"), **labelled, "ckpt_dir": ckpt_dir, "output_dir": out, **small}
    small.pop("label_numbers", None)
    infer = {**bundle_options(bundle, "inference.json"), "ckpt_dir": ckpt_dir, "output_dir": out, **small}
    export = {
        "net_id": "network_def",
        "filepath": tmp_path / "model.ts",
        "ckpt_file": bundle / "models/model.pt",
        "meta_file": bundle / "configs/metadata.json",
        "config_file": bundle / "configs/inference.json",
    }
    for verb, options in (
        ("run", train),
        ("run", {**infer, "dataset_dir": tmp_path / "data/images"}),
        ("ckpt_export", export),
    ):
        done = spawn_verb(verb, tmp_path, **options)
        assert done.returncode == 0, done.stderr[-3000:]
    assert not refused.exists()
    assert len(list(out.glob("*_seg.nii.gz"))) == 2
    assert (tmp_path / "model.ts").is_file()
