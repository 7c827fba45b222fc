"""Exported networks give the same output in ONNX Runtime, for any batch and size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser, onnx_export
from monai.networks.nets import UNet

from monai_scse import recalibrate
from monai_scse.networks.nets import SEFCDenseNet, SESDNet, SEUNet

ort = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

SMALL = {"in_channels": 1, "out_channels": 3, "features": 6, "kernel_size": 3}
SIZES = {2: [(2, 32, 48), (3, 64, 16), (1, 37, 45)], 3: [(2, 32, 16, 48), (1, 16, 32, 32), (1, 19, 37, 33)]}
NETWORKS = {
    "SEUNet": (lambda: SEUNet(2, **SMALL), 2),
    "SEUNet, 3D": (lambda: SEUNet(3, **SMALL), 3),
    "SESDNet": (lambda: SESDNet(2, **SMALL), 2),
    "SEFCDenseNet": (lambda: SEFCDenseNet(2, **SMALL), 2),
    "SEUNet, PE": (lambda: SEUNet(2, **SMALL, recal="pe"), 2),
    "recalibrated UNet": (lambda: recalibrate(UNet(2, 1, 3, (4, 8, 16), (2, 2), num_res_units=2)), 2),
}
OWN_LIMITS = {"recalibrated UNet": "a stock UNet takes sizes that its strides divide, nothing else"}
CONFIGS = {name: {"_target_": name, "spatial_dims": 2, **SMALL} for name in ("SEUNet", "SESDNet", "SEFCDenseNet")} | {
    "recalibrated UNet": {
        "_target_": "monai_scse.recalibrate",
        "network": {
            "_target_": "UNet",
            "spatial_dims": 2,
            "in_channels": 1,
            "out_channels": 3,
            "channels": [4, 8, 16],
            "strides": [2, 2],
            "num_res_units": 2,
        },
    }
}


def compare(name: str, file: Path, network: torch.nn.Module, shapes: list[tuple[int, ...]]) -> None:
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    for shape in shapes[:2] if name in OWN_LIMITS else shapes:
        x = torch.rand(shape)
        with torch.no_grad():
            expected = network(x)
        (output,) = session.run(None, {"image": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(output), expected, rtol=1e-4, atol=1e-4)


_LONG = ("SEFCDenseNet", "SEUNet, 3D", "SEUNet, PE", "SESDNet")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in _LONG)) for name in NETWORKS])
def test_same_output_in_onnx_runtime(name: str, tmp_path: Path) -> None:
    make, dims = NETWORKS[name]
    network = make().eval()
    shapes = [(batch, 1, *size) for batch, *size in SIZES[dims]]
    any_size = {0: torch.export.Dim.DYNAMIC} | dict.fromkeys(range(2, dims + 2), torch.export.Dim.DYNAMIC)
    program = torch.onnx.export(
        network, (torch.rand(shapes[0]),), dynamo=True, dynamic_shapes=(any_size,), input_names=["image"], verbose=False
    )
    program.save(tmp_path / "network.onnx")
    compare(name, tmp_path / "network.onnx", network, shapes)


@pytest.mark.long
@pytest.mark.parametrize("name", CONFIGS)
def test_same_output_after_the_onnx_export_of_monai(name: str, tmp_path: Path) -> None:
    config, weights, file = tmp_path / "config.json", tmp_path / "model.pt", tmp_path / "network.onnx"
    config.write_text(json.dumps({"network_def": CONFIGS[name]}))
    network = ConfigParser({"network_def": CONFIGS[name]}).get_parsed_content("network_def").eval()
    torch.save(network.state_dict(), weights)
    shapes = [(batch, 1, *size) for batch, *size in SIZES[2]]
    any_size = {0: "batch", 2: "height", 3: "width"}
    onnx_export(
        net_id="network_def",
        filepath=str(file),
        ckpt_file=str(weights),
        config_file=str(config),
        input_shape=list(shapes[0]),
        converter_kwargs={
            "input_names": ["image"],
            "output_names": ["pred"],
            "dynamic_axes": {"image": any_size, "pred": any_size},
        },
    )
    compare(name, file, network, shapes)
