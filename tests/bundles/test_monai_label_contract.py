"""What MONAI Label does with a bundle's configs, done here with MONAI alone: the fast twin of test_monai_label.py."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.transforms import LoadImaged, SaveImaged
from support.bundle_command import run_bundle
from support.phantom_brains import phantom, save_case

from monai_scse.synthetic.ct.torso import synthetic_ct


@pytest.fixture(params=["brain", "ct"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_bundle")


@pytest.fixture
def scan(bundle: Path, tmp_path: Path) -> Path:
    if bundle.name.startswith("brain"):
        save_case(tmp_path, "case", *phantom(0))
    else:
        ct = synthetic_ct(0, spacing=(7, 8, 9), field_of_view="abdomen")
        (tmp_path / "images").mkdir()
        nibabel.save(nibabel.Nifti1Image(ct.image, ct.affine), tmp_path / "images/case.nii.gz")
    return tmp_path / "images/case.nii.gz"


def test_inference_as_the_server_runs_it_equals_the_command_line(bundle, scan, tmp_path):
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs/inference.json"))
    parser.config.update({"bundle_root": str(bundle), "device": "cpu"})
    network = parser.get_parsed_content("network_def")
    network.load_state_dict(torch.load(bundle / "models/model.pt", weights_only=True), strict=False)
    sample = {"image": str(scan), "image_path": str(scan), "model": bundle.name}
    for transform in parser.get_parsed_content("preprocessing").transforms:
        if isinstance(transform, LoadImaged):
            transform._loader.image_only = False
        sample = transform(sample)
    with torch.no_grad():
        sample["pred"] = parser.get_parsed_content("inferer")(sample["image"][None], network.eval())[0]
    for transform in parser.get_parsed_content("postprocessing").transforms:
        if not isinstance(transform, SaveImaged):
            sample = transform(sample)
    out = tmp_path / "out"
    done = run_bundle(bundle, "inference.json", cwd=tmp_path, dataset_dir=scan, output_dir=out, device="cpu")
    assert done.returncode == 0, done.stderr
    expected = np.asarray(nibabel.load(out / "case_seg.nii.gz").dataobj)
    assert sample["pred"][0].shape == expected.shape
    # the command line runs the network in channels_last: in bfloat16 near ties may fall either way
    assert (sample["pred"][0].numpy() != expected).mean() < 0.002


def test_labels_have_names_that_differ_in_lower_case(bundle):
    metadata = json.loads((bundle / "configs/metadata.json").read_text())
    names = metadata["network_data_format"]["outputs"]["pred"]["channel_def"].values()
    assert len({name.lower() for name in names}) == len(names)


def test_training_takes_lists_and_another_number_of_epochs(bundle):
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs/train.json"))
    parser.update({"bundle_root": str(bundle), "train#trainer#max_epochs": 3, "validate#dataset#data": []})
    assert parser.get_parsed_content("has_validation") is False
    assert "@train#trainer#max_epochs" in parser.get("lr_scheduler#total_steps").replace("::", "#")


def test_network_takes_the_dropout_of_the_scoring(bundle):
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs/inference.json"))
    parser["network_def"]["dropout"] = 0.2
    network = parser.get_parsed_content("network_def")
    assert any(isinstance(module, torch.nn.modules.dropout._DropoutNd) for module in network.modules())
