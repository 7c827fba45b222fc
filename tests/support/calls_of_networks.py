"""Calls of public blocks, networks and inferers, whose arguments are replaced by odd values."""

from __future__ import annotations

from collections.abc import Callable

import torch
from monai.data import MetaTensor
from monai.inferers import SimpleInferer
from monai.networks.nets import UNet

from monai_scse import inferers, networks
from monai_scse.networks import blocks, layers, nets

from .calls import STRUCTURES, Call, scan

MODULES = ["networks", "networks.blocks", "networks.layers", "networks.nets", "inferers"]
EXCEPTIONS = {
    "networks.RecalibrationReport": "carries values",
    "networks.RecalibrationRow": "carries values",
    "networks.describe_recalibration": "takes a network alone",
    "networks.blocks.MaxUnpool": "has no arguments",
    "networks.blocks.crop_to_size": "is scripted, and takes what pad_to_multiple leaves",
    "networks.blocks.pad_to_multiple": "is scripted, and takes a number that each network sets",
    "networks.layers.register_recalibrated_norms": "has no arguments",
    "networks.nets.EncoderDecoder": "is the base class of the networks",
    "inferers.IdentityPass": "has no arguments",
    "inferers.Pass": "is a protocol",
}


def _features(spatial_dims: object, channels: object) -> torch.Tensor:
    return torch.rand(2, channels, *[16] * spatial_dims)


def _layer(kind: Callable[..., torch.nn.Module]) -> Callable[..., None]:
    def works(spatial_dims: object, in_channels: object, **arguments: object) -> None:
        layer = kind(spatial_dims=spatial_dims, in_channels=in_channels, **arguments).eval()
        output = layer(_features(spatial_dims, in_channels))
        expected = arguments.get("out_channels", in_channels)
        assert output.shape == (2, expected, *[16] * spatial_dims)
        assert output.isfinite().all()

    return works


def _recal(recal: object, **arguments: object) -> None:
    layer = layers.get_recal_layer(recal, **arguments)
    assert layer(_features(arguments["spatial_dims"], arguments["channels"])).isfinite().all()


def _norm(**arguments: object) -> None:
    layer = layers.RecalibratedNorm(**arguments)
    assert layer(_features(arguments["spatial_dims"], arguments["num_features"])).isfinite().all()


def _pool(kind: Callable[..., torch.nn.Module]) -> Callable[..., None]:
    def works(spatial_dims: object) -> None:
        layer = kind(spatial_dims)
        assert layer(_features(spatial_dims, 2))[0].shape == (2, 2, *[8] * spatial_dims)

    return works


def _upsample(**arguments: object) -> None:
    layer = blocks.TransposedConvolution(**arguments)
    upsampled = layer(_features(arguments["spatial_dims"], arguments["channels"]), torch.empty(0))
    assert upsampled.shape[2:] == (32,) * arguments["spatial_dims"]


def _load(prefix: object) -> None:
    block = blocks.SpatialSqueezeExcite(2, 4, bias=True)
    blocks.load_ai_med_state_dict(
        block, {"a.conv.weight": torch.ones(1, 4, 1, 1), "a.conv.bias": torch.ones(1)}, prefix
    )


def _logits(x: torch.Tensor) -> torch.Tensor:
    """Scores of the four structures."""
    return torch.cat([x[:, :1] * weight for weight in (1.0, -1.0, 0.5, 2.0)], dim=1)


def _infer(kind: Callable[..., Callable[..., torch.Tensor]], **fixed: object) -> Callable[..., None]:
    def works(**arguments: object) -> None:
        output = kind(**fixed, **arguments)(torch.as_tensor(scan())[None], _logits)
        assert output.shape[2:] == (9, 8, 7)
        assert output.isfinite().all()

    return works


def _pass(kind: Callable[..., inferers.Pass], **fixed: object) -> Callable[..., None]:
    def works(**arguments: object) -> None:
        probability = kind(**fixed, **arguments)(_logits, torch.rand(1, 1, 8, 8))
        assert probability.shape == (1, 4, 8, 8)
        assert probability.isfinite().all()

    return works


def _extract(**arguments: object) -> None:
    network = torch.nn.Conv3d(1, 2, 1)
    extractor = inferers.BrainExtractor(network, **arguments)
    if arguments["weights"] == "missing.pt":
        extractor._networks = [network]  # what it loads from the file
        head = torch.zeros(1, 20, 20, 20)
        head[:, 5:15, 5:15, 5:15] = torch.rand(1, 10, 10, 10) + 1
        image = MetaTensor(head, affine=torch.diag(torch.tensor([6.0, 6, 6, 1])))
        assert extractor.predict(image).shape == (1, 20, 20, 20)


def _recalibrate(**arguments: object) -> None:
    network = UNet(spatial_dims=2, in_channels=1, out_channels=2, channels=(4, 8), strides=(2,))
    recalibrated = networks.recalibrate(network, **arguments)
    assert recalibrated(_features(2, 1)).isfinite().all()


def _record(device: object) -> None:
    network = nets.SEUNet(2, 1, 2, features=2)
    with networks.SEGateRecorder(network, device) as gates:
        network(_features(2, 1))
    assert all(gate[0].device.type == "cpu" for gate in gates.channel.values())


def _contrast(**arguments: object) -> None:
    torch.save(_Logits().state_dict(), "any.pt")
    _infer(inferers.ContrastInferer, inferer=SimpleInferer(), network=_Logits())(**arguments)


SIZE = {"spatial_dims": 2, "in_channels": 4}
BLOCK = {**SIZE, "reduction": 2, "bias": False}
CONVOLUTION = {**SIZE, "out_channels": 3, "kernel_size": 3, "act": "relu", "norm": "batch"}
NETWORK = {**CONVOLUTION, "features": 4, "recal": "scse", "dropout": 0.1}
VIEWS = {
    **{"spatial_dims": [0], "weights": [1, 1], "spatial_dim": 1, "num_slices": 1, "sw_batch_size": 4},
    **{"mirrored": False, "progress": False, "confidence": False},
}
CALLS = {
    "networks.SEGateRecorder": Call(_record, {"device": "cpu"}),
    "networks.recalibrate": Call(
        _recalibrate, {"recal": "scse", "where": None, "bottleneck": False, "replace": False, "spatial_dims": 2}
    ),
    "networks.blocks.ChannelSqueezeExcite": Call(_layer(blocks.ChannelSqueezeExcite), BLOCK),
    "networks.blocks.ConvNormAct": Call(_layer(blocks.ConvNormAct), CONVOLUTION),
    "networks.blocks.FCDenseBlock": Call(_layer(blocks.FCDenseBlock), CONVOLUTION),
    "networks.blocks.MaxPool": Call(_pool(blocks.MaxPool), {"spatial_dims": 2}),
    "networks.blocks.MaxPoolWithIndices": Call(_pool(blocks.MaxPoolWithIndices), {"spatial_dims": 2}),
    "networks.blocks.ProjectExcite": Call(_layer(blocks.ProjectExcite), BLOCK),
    "networks.blocks.SpatialChannelSqueezeExcite": Call(
        _layer(blocks.SpatialChannelSqueezeExcite), {**BLOCK, "merge": "max"}
    ),
    "networks.blocks.SpatialSqueezeExcite": Call(_layer(blocks.SpatialSqueezeExcite), {**SIZE, "bias": False}),
    "networks.blocks.TransposedConvolution": Call(_upsample, {"spatial_dims": 2, "channels": 4}),
    "networks.blocks.load_ai_med_state_dict": Call(_load, {"prefix": "a."}),
    "networks.layers.RecalibratedNorm": Call(
        _norm, {"spatial_dims": 2, "norm": "batch", "recal": "scse", "num_features": 4, "norm_options": None}
    ),
    "networks.layers.get_recal_layer": Call(_recal, {"recal": "scse", "spatial_dims": 2, "channels": 4}),
    "networks.nets.SEFCDenseNet": Call(_layer(nets.SEFCDenseNet), NETWORK),
    "networks.nets.SESDNet": Call(_layer(nets.SESDNet), NETWORK),
    "networks.nets.SEUNet": Call(_layer(nets.SEUNet), NETWORK),
    "inferers.ArgmaxInferer": Call(_infer(inferers.ArgmaxInferer, inferer=SimpleInferer()), {"confidence": True}),
    "inferers.ArgmaxSliceInferer": Call(
        _infer(inferers.ArgmaxSliceInferer),
        {"spatial_dim": 1, "sw_batch_size": 4, "progress": False, "confidence": True},
    ),
    "inferers.AutocastInferer": Call(_infer(inferers.AutocastInferer), {"amp": False}),
    "inferers.AveragingInferer": Call(
        _infer(inferers.AveragingInferer, inferer=SimpleInferer()), {"passes": [inferers.IdentityPass()]}
    ),
    "inferers.BrainExtractor": Call(
        _extract,
        {"weights": "missing.pt", "spacing": 6.0, "margin_mm": 0.0, "brain_ml": (500, 3000), "device": "cpu"},
    ),
    "inferers.ContrastInferer": Call(_contrast, {"weights": "any.pt", "t1_weights": "model.pt", "contrast": "auto"}),
    "inferers.FlipPass": Call(_pass(inferers.FlipPass, structures=STRUCTURES), {"spatial_axis": 0}),
    "inferers.MirrorAgreementInferer": Call(
        _infer(inferers.MirrorAgreementInferer, inferer=inferers.ArgmaxSliceInferer(), structures=STRUCTURES),
        {"spatial_axis": 0, "every": 4},
    ),
    "inferers.ViewAggregationInferer": Call(
        lambda **arguments: _infer(
            inferers.ViewAggregationInferer, networks=[_Logits()], structures=STRUCTURES, **arguments
        )(),
        VIEWS,
    ),
    "inferers.ZoomPass": Call(_pass(inferers.ZoomPass), {"factor": 1.5}),
    "inferers.prefers_bfloat16": Call(inferers.prefers_bfloat16, {"device": "cpu"}),
}


class _Logits(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _logits(x)
