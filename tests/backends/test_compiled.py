"""Networks that another library runs give what PyTorch gives, and look like the network they wrap."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.data import MetaTensor
from monai.networks.layers import Norm

from monai_scse.backends import Calibration, CompiledNetwork, ONNXRuntimeNetwork, OpenVINONetwork
from monai_scse.inferers import BrainExtractor
from monai_scse.networks.blocks import SpatialChannelSqueezeExcite
from monai_scse.networks.nets import SEUNet
from monai_scse.runtime import InputError

pytest.importorskip("openvino")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

BACKENDS = [OpenVINONetwork, ONNXRuntimeNetwork]


def small() -> torch.nn.Module:
    layers = [torch.nn.Conv2d(2, 6, 3, padding=1), Norm["batch", 2](6), torch.nn.PReLU()]
    layers += [SpatialChannelSqueezeExcite(2, 6), torch.nn.Conv2d(6, 3, 1)]
    return torch.nn.Sequential(*layers).eval()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


def expect_same(wrapped: CompiledNetwork, network: torch.nn.Module, *shape: int, tolerance: float = 1e-4) -> None:
    x = torch.rand(shape)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):  # which concerns PyTorch alone
        found = wrapped(x)
    with torch.no_grad():
        torch.testing.assert_close(found, network(x), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
def test_any_batch_and_size_and_other_weights(backend, cache) -> None:
    network = small()
    wrapped = backend(network, cache_dir=cache).eval()
    for shape in ((1, 2, 37, 45), (4, 2, 64, 16), (3, 2, 64, 16)):
        expect_same(wrapped, network, *shape)
    other, copied = small(), copy.deepcopy(wrapped)
    assert {name: value.shape for name, value in wrapped.state_dict().items()} == {
        name: value.shape for name, value in network.state_dict().items()
    }
    copied.load_state_dict(other.state_dict())
    expect_same(copied, other, 2, 2, 20, 20)
    expect_same(wrapped, network, 2, 2, 20, 20)
    wrapped.load_state_dict(other.state_dict())
    expect_same(wrapped, other, 2, 2, 20, 20)


@pytest.mark.parametrize("backend", BACKENDS)
def test_second_start_takes_it_from_the_cache(backend, tmp_path, monkeypatch) -> None:
    network, x = small(), torch.rand(1, 2, 20, 20)
    first = backend(network, cache_dir=tmp_path).eval()(x)

    def not_again(self: CompiledNetwork, x: torch.Tensor) -> None:
        raise AssertionError("exported again")

    monkeypatch.setattr(backend, "exported", not_again)
    torch.testing.assert_close(backend(network, cache_dir=tmp_path).eval()(x), first)
    with pytest.raises(AssertionError, match="exported again"):
        backend(small(), cache_dir=tmp_path).eval()(x)  # other weights


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dims", [2, 3])
def test_networks_of_the_bundles(backend, dims, cache) -> None:
    network = SEUNet(dims, 2, 3, features=4, kernel_size=3).eval()
    wrapped = backend(network, cache_dir=cache).eval()
    for batch, *size in ((1, 37, 45, 33), (2, 16, 32, 48)):
        expect_same(wrapped, network, batch, 2, *size[:dims])


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_brain_extraction(backend, cache, tmp_path) -> None:
    """The network runs twice, the second time with the statistics of the scan, which exports to other operations."""
    network = SEUNet(3, 1, 2, features=4, kernel_size=3)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    scan = MetaTensor(torch.rand(1, 40, 44, 36), affine=torch.diag(torch.tensor([3.0, 3, 3, 1])))
    wrapped = backend(copy.deepcopy(network), cache_dir=cache)
    every = (0.0, 1e9)
    masks = [BrainExtractor(one, tmp_path / "weights.pt", brain_ml=every).predict(scan) for one in (wrapped, network)]
    assert 0 < masks[1].sum() < masks[1].numel()
    assert (masks[0] == masks[1]).float().mean() > 0.999


def test_bfloat16_is_near(cache) -> None:
    try:
        wrapped = OpenVINONetwork(network := small(), "bf16", cache_dir=cache).eval()
    except InputError as error:
        pytest.skip(str(error))
    expect_same(wrapped, network, 2, 2, 32, 32, tolerance=0.05)
    x = torch.rand(2, 2, 32, 32)
    assert not torch.equal(wrapped(x), OpenVINONetwork(network, cache_dir=cache).eval()(x))


@pytest.mark.parametrize("backend", BACKENDS)
def test_training_is_refused(backend) -> None:
    with pytest.raises(InputError, match=rf"^{backend.overlay}: cannot train; leave the file out of a training\.$"):
        backend(small()).train()(torch.rand(1, 2, 8, 8))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.situation(
    "inference_openvino.json or inference_onnx.json on a GPU", "refused before a scan is read: both run on the CPU"
)
def test_other_devices(backend) -> None:
    with pytest.raises(InputError, match=rf"^{backend.overlay}: needs the CPU, the device is cuda:0; use cpu"):
        backend(small(), device="cuda:0")


@pytest.mark.situation("A backend whose package is not installed", "refused, with the command that installs it")
@pytest.mark.parametrize(
    ("backend", "options", "expected"),
    [
        (OpenVINONetwork, {}, "openvino not installed; pip install 'monai-scse[openvino]'."),
        (
            OpenVINONetwork,
            {"precision": "int8"},
            "openvino and nncf not installed; pip install 'monai-scse[openvino]'.",
        ),
        (ONNXRuntimeNetwork, {}, "onnx and onnxruntime and onnxscript not installed; pip install 'monai-scse[onnx]'."),
    ],
)
def test_missing_package(backend, options, expected, monkeypatch) -> None:
    monkeypatch.setattr("monai_scse.backends.compiled.find_spec", lambda name: None)
    with pytest.raises(InputError) as caught:
        backend(small(), **options)
    assert str(caught.value) == f"{backend.overlay}: {expected}"


def test_unknown_precision() -> None:
    with pytest.raises(InputError, match=r"^openvino_precision fp16: unknown; use fp32, bf16, int8\.$"):
        OpenVINONetwork(small(), "fp16")


@pytest.mark.situation("bfloat16 in OpenVINO on a CPU without it", "refused, with the precisions that work")
def test_bfloat16_that_the_cpu_lacks(monkeypatch) -> None:
    import openvino

    monkeypatch.setattr(openvino.Core, "get_property", lambda self, device, name: ["FP32", "INT8"])
    with pytest.raises(InputError, match=r"^openvino_precision bf16: this CPU .*; use fp32 or int8\.$"):
        OpenVINONetwork(small(), "bf16")


def test_int8_without_scans(tmp_path) -> None:
    wrapped = OpenVINONetwork(small(), "int8", cache_dir=tmp_path, calibration=Calibration()).eval()
    with pytest.raises(InputError, match=r"^openvino_precision int8: no scans to calibrate with; segment some"):
        wrapped(torch.rand(1, 2, 8, 8))


CONNECTS = """
import socket, sys, torch

def refuse(*_):
    raise SystemExit("connects")

socket.socket.connect = socket.getaddrinfo = refuse
from monai_scse.backends import OpenVINONetwork

network = OpenVINONetwork(torch.nn.Conv2d(1, 2, 3), cache_dir=sys.argv[1]).eval()
assert network(torch.rand(1, 1, 8, 8)).shape == (1, 2, 6, 6)
"""


@pytest.mark.long
def test_openvino_tells_nobody(tmp_path) -> None:
    """Its package of telemetry leaves a folder in the home of the user, and connects at the import."""
    home = tmp_path / "home"
    home.mkdir()
    outside_ci = {name: value for name, value in os.environ.items() if name not in ("CI", "JENKINS_URL", "TF_BUILD")}
    done = subprocess.run(
        [sys.executable, "-c", CONNECTS, str(tmp_path / "cache")],
        env={**outside_ci, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert not (home / "intel").exists()
