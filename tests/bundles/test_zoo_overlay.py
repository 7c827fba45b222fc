"""A bundle of the zoo recalibrated by an overlay of a few lines, which knows nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser, ckpt_export
from support.bundle_command import run_bundle

from monai_scse import describe_recalibration

OVERLAY = Path(__file__).parents[2] / "docs/examples/recalibrate_bundle.yaml"
# as in the multi_gpu_train.json of the zoo
PARALLEL = {"network": {"_target_": "torch.nn.parallel.DistributedDataParallel", "module": "$@network_def.to(@device)"}}
NETWORK = {
    "imports": ["$import glob", "$import torch"],
    "bundle_root": ".",
    "dataset_dir": "$@bundle_root + '/data'",
    "device": "$torch.device('cpu')",
    "network_def": {
        "_target_": "UNet",
        "spatial_dims": 3,
        "in_channels": 1,
        "out_channels": 2,
        "channels": [4, 8, 16],
        "strides": [2, 2],
    },
    "network": "$@network_def.to(@device)",
    "images": "$sorted(glob.glob(@dataset_dir + '/*_image.nii.gz'))",
    "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 2},
    "dataset": {"_target_": "Dataset", "data": "@data", "transform": "@transform"},
    "run": ["$@engine.run()"],
}
TRAIN = NETWORK | {
    "data": "$[{'image': i, 'label': i.replace('image', 'label')} for i in @images]",
    "transform": {"_target_": "LoadImaged", "keys": ["image", "label"], "ensure_channel_first": True},
    "optimizer": {"_target_": "torch.optim.Adam", "params": "$@network.parameters()"},
    "engine": {
        "_target_": "SupervisedTrainer",
        "max_epochs": 1,
        "device": "@device",
        "train_data_loader": "@dataloader",
        "network": "@network",
        "loss_function": {"_target_": "DiceCELoss", "softmax": True, "to_onehot_y": True},
        "optimizer": "@optimizer",
        "train_handlers": [
            {
                "_target_": "CheckpointSaver",
                "save_dir": "$@bundle_root + '/models'",
                "save_dict": {"model": "@network"},
                "save_final": True,
                "final_filename": "model.pt",
            }
        ],
    },
}
INFERENCE = NETWORK | {
    "data": "$[{'image': i} for i in @images]",
    "transform": {"_target_": "LoadImaged", "keys": "image", "ensure_channel_first": True},
    "engine": {
        "_target_": "SupervisedEvaluator",
        "device": "@device",
        "val_data_loader": "@dataloader",
        "network": "@network",
        "val_handlers": [
            {
                "_target_": "CheckpointLoader",
                "load_path": "$@bundle_root + '/models/model.pt'",
                "load_dict": {"model": "@network"},
            }
        ],
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
                {"_target_": "SaveImaged", "keys": "pred", "output_dir": "$@bundle_root + '/out'"},
            ],
        },
    },
}


@pytest.fixture
def zoo_bundle(tmp_path: Path) -> Path:
    (tmp_path / "configs").mkdir()
    configs = {"train.json": TRAIN, "inference.json": INFERENCE, "multi_gpu_train.json": PARALLEL}
    for name, config in configs.items():
        (tmp_path / "configs" / name).write_text(json.dumps(config))
    (tmp_path / "data").mkdir()
    generator = np.random.default_rng(0)
    for case in "ab":
        label = generator.integers(0, 2, (16, 16, 16)).astype(np.uint8)
        for part, volume in (("image", label + generator.normal(0, 0.1, label.shape)), ("label", label)):
            nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "data" / f"{case}_{part}.nii.gz")
    return tmp_path


def test_trains_and_segments_recalibrated(zoo_bundle, tmp_path):
    files = ["train.json", str(OVERLAY)]
    trained = run_bundle(zoo_bundle, files, cwd=tmp_path, recal="cse")
    assert trained.returncode == 0, trained.stderr
    weights = torch.load(zoo_bundle / "models/model.pt", weights_only=True)
    weights = weights.get("model", weights)
    assert sum(".recal." in key for key in weights) == 3 * 2
    segmented = run_bundle(zoo_bundle, ["inference.json", str(OVERLAY)], cwd=tmp_path, recal="cse")
    assert segmented.returncode == 0, segmented.stderr
    assert len(list((zoo_bundle / "out").rglob("*.nii.gz"))) == 2


def test_recalibrated_inside_the_wrapper_of_several_processes(zoo_bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(zoo_bundle)
    parser = ConfigParser()
    parser.read_config(["configs/train.json", "configs/multi_gpu_train.json", str(OVERLAY)])
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        network = parser.get_parsed_content("network")
    finally:
        torch.distributed.destroy_process_group()
    assert isinstance(network, torch.nn.parallel.DistributedDataParallel)
    assert len(describe_recalibration(network.module).rows) == 3


def test_exported_with_its_blocks(zoo_bundle, monkeypatch):
    monkeypatch.chdir(zoo_bundle)
    files = ["configs/inference.json", str(OVERLAY)]
    parser = ConfigParser()
    parser.read_config(files)
    network = parser.get_parsed_content("network_def").eval()
    torch.save(network.state_dict(), "model.pt")
    ckpt_export(net_id="network_def", filepath="model.ts", ckpt_file="model.pt", config_file=files)
    image = torch.rand(1, 1, 16, 16, 16)
    torch.testing.assert_close(torch.jit.load("model.ts")(image), network(image), rtol=1e-4, atol=1e-5)


def test_overlay_is_ten_lines_at_most():
    assert len(OVERLAY.read_text().splitlines()) <= 10
