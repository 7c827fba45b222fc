"""Both bundles exported from the command line, and run by the runtimes that take over."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from support.bundle_command import export_network
from support.phantom_brains import phantom

from monai_scse.synthetic.ct.torso import synthetic_ct

TRITON = Path(__file__).parents[2] / "docs/examples/triton_server"
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


def triton_tensors(file: Path) -> dict[str, tuple[str, list[int]]]:
    """Name, type and shape of the inputs and outputs of a model of the Triton server, in the terms of ONNX Runtime."""
    text = file.read_text()
    assert re.search(r"max_batch_size: [1-9]", text)  # then the shapes come without the batch
    assert f'name: "{file.parent.name}"' in text
    entries = re.findall(r'{\s*name: "(\w+)"\s*data_type: (\w+)\s*dims: \[ (.*?) \]\s*}', text)
    types = {"TYPE_FP32": "tensor(float)"}
    return {name: (types[kind], [-1, *map(int, dims.split(","))]) for name, kind, dims in entries}


def test_onnx_of_any_batch_and_size(bundle, network, tmp_path):
    ort = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    options = {"input_names": ["image"], "output_names": ["pred"], "dynamic_axes": AXES}
    export_network("onnx_export", bundle, tmp_path / "model.onnx", converter_kwargs=options)
    session = ort.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    assert [entry.name for entry in (*session.get_inputs(), *session.get_outputs())] == ["image", "pred"]
    assert triton_tensors(TRITON / bundle.name / "config.pbtxt") == {
        entry.name: (entry.type, [size if isinstance(size, int) else -1 for size in entry.shape])
        for entry in (*session.get_inputs(), *session.get_outputs())
    }
    slices = json.loads((bundle / "configs/metadata.json").read_text())["network_data_format"]["inputs"]["image"]
    for shape in ((2, slices["num_channels"], 48, 64), (1, slices["num_channels"], 61, 45)):
        x = torch.rand(shape)
        with torch.no_grad():
            expected = network(x)
        (output,) = session.run(None, {"image": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(output), expected, rtol=1e-3, atol=1e-3)


@pytest.fixture(scope="module")
def model_ts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Export a bundle once, without a key, as the zoo does."""
    folder = tmp_path_factory.mktemp("exported")

    def exported(bundle: Path) -> Path:
        file = folder / bundle.name / "model.ts"
        if not file.is_file():
            file.parent.mkdir()
            export_network("ckpt_export", bundle, file)
        return file

    return exported


def scan(bundle: Path) -> MetaTensor:
    """A small scan as MONAI Deploy gives it, read from DICOM by itself: without a channel."""
    if bundle.name.startswith("brain"):
        return MetaTensor(torch.from_numpy(phantom(0)[0].astype(np.float32)), affine=torch.eye(4, dtype=torch.float64))
    ct = synthetic_ct(0, spacing=(9, 9, 9), field_of_view="abdomen")
    return MetaTensor(torch.from_numpy(ct.image.astype(np.float32)), affine=torch.from_numpy(ct.affine))


@pytest.mark.long
def test_torchscript_runs_by_its_own_files_as_in_monai_deploy(bundle, network, model_ts):
    """What MonaiBundleInferenceOperator does with model.ts: its configs, less transforms that load or save."""
    parser = ConfigParser()
    with zipfile.ZipFile(model_ts(bundle)) as archive:
        parser.read_meta(json.loads(archive.read("model/extra/metadata.json")))
        parser.read_config(json.loads(archive.read("model/extra/inference.json")))
    parser.parse()
    device = parser.get_parsed_content("device")
    scripted = torch.jit.load(model_ts(bundle), map_location=device).eval()

    def segment(network: torch.nn.Module) -> torch.Tensor:
        sample = {"image": scan(bundle)}
        for transform in parser.get_parsed_content("preprocessing").transforms:
            assert "LoadImage" not in type(transform).__name__
            sample = transform(sample)
        with torch.no_grad():
            output = parser.get_parsed_content("inferer")(inputs=sample["image"][None].to(device), network=network)
        sample["pred"] = output[0]
        for transform in parser.get_parsed_content("postprocessing").transforms:
            if "SaveImage" not in type(transform).__name__:
                sample = transform(sample)
        return sample["pred"]

    assert list(parser["_meta_"]["network_data_format"]["inputs"]) == ["image"]
    assert list(parser["_meta_"]["network_data_format"]["outputs"]) == ["pred"]
    found, expected = segment(scripted), segment(network.to(device))
    assert found.shape == (1, *scan(bundle).shape)
    assert found.unique().numel() > 2
    assert (found != expected).float().mean() < 0.002  # near ties may fall either way in bfloat16


def test_torchscript_carries_the_configs(bundle, network, model_ts):
    extra = {"metadata.json": "", "inference.json": ""}
    scripted = torch.jit.load(model_ts(bundle), _extra_files=extra)
    x = torch.rand(
        1, json.loads(extra["metadata.json"])["network_data_format"]["inputs"]["image"]["num_channels"], 40, 56
    )
    with torch.no_grad():
        torch.testing.assert_close(scripted(x), network(x), rtol=1e-4, atol=1e-4)
    assert json.loads(extra["metadata.json"]) == json.loads((bundle / "configs/metadata.json").read_text())
    config = json.loads(extra["inference.json"])
    assert {"network_def", "preprocessing", "inferer", "postprocessing"} <= set(config)
