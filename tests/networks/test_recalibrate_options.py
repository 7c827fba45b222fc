"""Options of recalibrate, and what it refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser
from monai.networks.nets import BasicUNet, UNet
from support.stock_networks import STOCK, blocks
from torch import nn

from monai_scse import describe_recalibration, recalibrate
from monai_scse.networks.layers import Recal
from monai_scse.networks.nets import SEUNet


def small_unet(**options: Any) -> nn.Module:
    """A UNet of MONAI with three levels."""
    return UNet(2, 1, 2, (4, 8, 16), (2, 2), **options)


def test_bottleneck_only_when_asked_for():
    assert "down_4.recal" in blocks(recalibrate(BasicUNet(2), bottleneck=True))
    with pytest.raises(ValueError, match="UNETR has no bottleneck of feature maps"):
        recalibrate(STOCK["UNETR"].make(2), bottleneck=True)


def test_options_reach_the_blocks():
    network = recalibrate(small_unet(), ("scse", {"merge": "max"}), reduction=4, bias=True)
    for block in blocks(network).values():
        assert block.merge == "max"
        assert block.cse.squeeze.out_features == block.cse.squeeze.in_features // 4
        assert block.cse.squeeze.bias is not None


@pytest.mark.parametrize("recal", [None, (None, {})])
def test_none_adds_nothing_and_takes_blocks_away(recal):
    plain = BasicUNet(2, features=(4, 4, 8, 8, 16, 4)).eval()
    x = torch.rand(1, 1, 32, 32)
    expected = plain(x)
    network = recalibrate(copy.deepcopy(plain), recal)
    assert network.state_dict().keys() == plain.state_dict().keys()
    recalibrate(network, "sse")  # one block a site, applied once
    for block in blocks(network).values():
        block.squeeze.register_forward_hook(lambda module, inputs, output: calls.append(module))
    calls = []
    network(x)
    assert len(calls) == len(set(calls)) == 8
    assert torch.equal(recalibrate(network, recal, replace=True)(x), expected)
    assert not blocks(network)


def test_sequential_with_a_forward_of_its_own():
    class Residual(nn.Sequential):
        def forward(self, x):
            return x + self[0](x)

    network = nn.Sequential(Residual(nn.Conv2d(1, 1, 3, padding=1)), nn.Conv2d(1, 2, 1))
    with pytest.raises(ValueError, match=r"0 is a Residual, a Sequential with a forward of its own"):
        recalibrate(network, "sse", where="0")
    assert not blocks(network)


def test_any_registered_block(monkeypatch):
    class Half(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x / 2

    monkeypatch.setattr(Recal, "components", dict(Recal.components))
    Recal.add_factory_class("half", Half)
    report = describe_recalibration(recalibrate(small_unet(), "half"))
    assert [(row.block, row.channels, row.parameters) for row in report.rows] == [
        ("Half", 4, 0),
        ("Half", 8, 0),
        ("Half", 4, 0),
    ]


def test_recalibrated_network_is_refused_unless_blocks_are_to_be_replaced():
    network = recalibrate(small_unet())
    kept = blocks(network)
    with pytest.raises(ValueError, match=r"UNet is recalibrated already, after model\.0, .*: give replace=True"):
        recalibrate(network, "cse")
    with pytest.raises(ValueError, match="got 'ssce'"):
        recalibrate(network, "ssce", replace=True)
    assert blocks(network) == kept  # a call that fails changes nothing
    assert recalibrate(network, "sse", replace=True) is network
    assert {row.block for row in describe_recalibration(network).rows} == {"SpatialSqueezeExcite"}
    x = torch.rand(1, 1, 32, 32)
    for block in blocks(network).values():
        nn.init.zeros_(block.squeeze.weight)
    # each block halves its input once: no hook of the earlier blocks is left
    halved = recalibrate(copy.deepcopy(network), "sse", replace=True)
    for block in blocks(halved).values():
        nn.init.zeros_(block.squeeze.weight)
    torch.testing.assert_close(network.eval()(x), halved.eval()(x))


@pytest.mark.parametrize(
    ("network", "options", "error", "message"),
    [
        (lambda: small_unet(), {"recal": "ssce"}, ValueError, r"model\.0, 4 channels: recal must be None or one of"),
        (lambda: small_unet(), {"recal": ["scse"]}, ValueError, r"recal must be a name, or \(name, .*got \['scse'\]"),
        (lambda: small_unet(), {"reduction": 5}, ValueError, r"model\.0, 4 channels: reduction must be between 1 and"),
        (lambda: small_unet(), {"colour": 1}, ValueError, r"model\.0, 4 channels: .*colour"),
        (
            lambda: small_unet(),
            {"spatial_dims": 3},
            ValueError,
            r"spatial_dims=3 does not match model\.0, .* 2 spatial",
        ),
        (lambda: SEUNet(2, 1, 2, features=4), {}, ValueError, "SEUNet takes blocks as it is built"),
        (
            lambda: small_unet(norm="batch_scse"),
            {"replace": True},
            ValueError,
            r"UNet is built with recalibration in model\.0\.adn\.N, .*: build it without",
        ),
        (lambda: small_unet(), {"where": 3}, TypeError, "where must be a name, a pattern, a list .* got 3"),
        (
            lambda: torch.jit.script(small_unet()),
            {},
            TypeError,
            "network must be a torch.nn.Module that is not scripted",
        ),
        (lambda: torch.compile(small_unet()), {}, TypeError, "network must not be compiled"),
        (lambda: "UNet", {}, TypeError, "got str"),
    ],
)
def test_bad_input(network, options, error, message):
    with pytest.raises(error, match=message):
        recalibrate(network(), **options)


def test_weights_of_the_network_are_left_alone():
    network = small_unet()
    before = copy.deepcopy(network.state_dict())
    recalibrate(network)
    assert all(torch.equal(network.state_dict()[key], value) for key, value in before.items())


def test_blocks_have_the_type_and_mode_of_their_site():
    for training in (True, False):
        network = recalibrate(small_unet().train(training))
        assert all(module.training == training for module in network.modules())
    network = recalibrate(small_unet().double())
    assert {parameter.dtype for block in blocks(network).values() for parameter in block.parameters()} == {
        torch.float64
    }


def test_target_of_a_config():
    parser = ConfigParser(
        {
            "network": {
                "_target_": "monai_scse.recalibrate",
                "network": {"_target_": "BasicUNet", "spatial_dims": 2, "features": [4, 4, 8, 8, 16, 4]},
                "recal": "cse",
            }
        }
    )
    assert len(blocks(parser.get_parsed_content("network"))) == 8


def test_report_is_a_table():
    lines = str(describe_recalibration(recalibrate(small_unet()))).splitlines()
    assert lines[0].split() == ["site", "block", "channels", "parameters", "share"]
    assert lines[1].split()[:4] == ["model.0", "SpatialChannelSqueezeExcite", "4", "20"]
    assert lines[-1].split()[:3] == ["all", "blocks", "112"]
    assert not describe_recalibration(small_unet()).rows


def test_report_of_a_network_of_this_package():
    report = describe_recalibration(SEUNet(2, 1, 28))
    assert (report.added, report.parameters, len(report.rows)) == (33_280, 2_153_756, 8)
    assert not describe_recalibration(SEUNet(2, 1, 28, recal=None)).rows


# ---- networks of other libraries


def test_segmentation_models_pytorch():
    smp = pytest.importorskip("segmentation_models_pytorch")
    network = smp.Unet("resnet18", encoder_weights=None, in_channels=1, classes=2)
    recalibrate(network, where=["encoder.layer?", "decoder.blocks.?"])
    assert [row.channels for row in describe_recalibration(network).rows] == [64, 128, 256, 512, 256, 128, 64, 32, 16]
    assert network.eval()(torch.rand(1, 1, 64, 64)).shape == (1, 2, 64, 64)
