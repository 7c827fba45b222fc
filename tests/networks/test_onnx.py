"""Exported networks give the same output in ONNX Runtime, for any batch and size."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
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


@pytest.mark.parametrize("name", NETWORKS)
def test_same_output_in_onnx_runtime(name: str, tmp_path: Path) -> None:
    make, dims = NETWORKS[name]
    network = make().eval()
    shapes = [(batch, 1, *size) for batch, *size in SIZES[dims]]
    any_size = {0: torch.export.Dim.DYNAMIC} | dict.fromkeys(range(2, dims + 2), torch.export.Dim.DYNAMIC)
    program = torch.onnx.export(
        network, (torch.rand(shapes[0]),), dynamo=True, dynamic_shapes=(any_size,), input_names=["image"], verbose=False
    )
    program.save(tmp_path / "network.onnx")
    session = ort.InferenceSession(tmp_path / "network.onnx", providers=["CPUExecutionProvider"])
    for shape in shapes[:2] if name in OWN_LIMITS else shapes:
        x = torch.rand(shape)
        with torch.no_grad():
            expected = network(x)
        (output,) = session.run(None, {"image": x.numpy()})
        torch.testing.assert_close(torch.from_numpy(output), expected, rtol=1e-4, atol=1e-4)
