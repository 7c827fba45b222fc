"""Both bundles exported from the command line, and run by the runtimes that take over."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

AXES = {"image": {0: "batch", 2: "height", 3: "width"}, "pred": {0: "batch", 2: "height", 3: "width"}}


@pytest.fixture(params=["brain_bundle", "ct_bundle"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture
def network(bundle: Path) -> torch.nn.Module:
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs/inference.json"))
    network = parser.get_parsed_content("network_def").eval()
    network.load_state_dict(torch.load(bundle / "models/model.pt", weights_only=True))
    return network


def export(verb: str, bundle: Path, file: Path, *options: str) -> None:
    command = [sys.executable, "-m", "monai.bundle", verb, "--net_id", "network_def", "--filepath", str(file)]
    command += ["--ckpt_file", str(bundle / "models/model.pt"), "--meta_file", str(bundle / "configs/metadata.json")]
    command += ["--config_file", str(bundle / "configs/inference.json"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_onnx_of_any_batch_and_size(bundle, network, tmp_path):
    ort = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    options = {"input_names": ["image"], "output_names": ["pred"], "dynamic_axes": AXES}
    export("onnx_export", bundle, tmp_path / "model.onnx", "--converter_kwargs", str(options))
    session = ort.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    assert [entry.name for entry in (*session.get_inputs(), *session.get_outputs())] == ["image", "pred"]
    slices = json.loads((bundle / "configs/metadata.json").read_text())["network_data_format"]["inputs"]["image"]
    for shape in ((2, slices["num_channels"], 48, 64), (1, slices["num_channels"], 61, 45)):
        x = torch.rand(shape)
        with torch.no_grad():
            expected = network(x)
        (output,) = session.run(None, {"image": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(output), expected, rtol=1e-3, atol=1e-3)


def test_torchscript_carries_the_configs(bundle, network, tmp_path):
    export("ckpt_export", bundle, tmp_path / "model.ts")
    extra = {"metadata.json": "", "inference.json": ""}
    scripted = torch.jit.load(tmp_path / "model.ts", _extra_files=extra)
    x = torch.rand(
        1, json.loads(extra["metadata.json"])["network_data_format"]["inputs"]["image"]["num_channels"], 40, 56
    )
    with torch.no_grad():
        torch.testing.assert_close(scripted(x), network(x), rtol=1e-4, atol=1e-4)
    assert json.loads(extra["metadata.json"]) == json.loads((bundle / "configs/metadata.json").read_text())
    config = json.loads(extra["inference.json"])
    assert {"network_def", "preprocessing", "inferer", "postprocessing"} <= set(config)
