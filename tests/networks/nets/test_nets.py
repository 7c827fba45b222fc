"""Every network x every property."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn
from torch.nn import functional

from monai_scse.networks.blocks import (
    ChannelSqueezeExcite,
    ProjectExcite,
    SpatialChannelSqueezeExcite,
    SpatialSqueezeExcite,
)
from monai_scse.networks.nets import EncoderDecoder, SEFCDenseNet, SESDNet, SEUNet

NETWORKS = [SEUNet, SESDNet, SEFCDenseNet]
SMALL = {"in_channels": 1, "out_channels": 3, "features": 4, "kernel_size": 3}
SE_BLOCKS = (ChannelSqueezeExcite, SpatialSqueezeExcite, SpatialChannelSqueezeExcite, ProjectExcite)


def small(network_type: type[EncoderDecoder], spatial_dims: int = 2, **options) -> EncoderDecoder:
    return network_type(spatial_dims, **{**SMALL, **options})


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def recalibrations(network: nn.Module) -> list[str]:
    return [name for name, module in network.named_modules() if isinstance(module, SE_BLOCKS) and ".recal." not in name]


CASES = [
    [{"spatial_dims": 1}, (2, 1, 48), (2, 3, 48)],
    [{"spatial_dims": 2}, (2, 1, 32, 16), (2, 3, 32, 16)],
    [{"spatial_dims": 3}, (1, 1, 16, 16, 16), (1, 3, 16, 16, 16)],
    [{"spatial_dims": 2, "in_channels": 5, "out_channels": 1}, (2, 5, 16, 32), (2, 1, 16, 32)],
    [{"spatial_dims": 2, "recal": None}, (1, 1, 16, 16), (1, 3, 16, 16)],
    [{"spatial_dims": 3, "recal": "cse"}, (1, 1, 16, 16, 16), (1, 3, 16, 16, 16)],
    [{"spatial_dims": 1, "recal": "sse"}, (1, 1, 32), (1, 3, 32)],
    [{"spatial_dims": 2, "recal": "pe"}, (2, 1, 16, 32), (2, 3, 16, 32)],
    [{"spatial_dims": 3, "recal": ("pe", {"reduction": 4})}, (1, 1, 16, 16, 16), (1, 3, 16, 16, 16)],
    [{"spatial_dims": 2, "recal": ("scse", {"merge": "max", "reduction": 4})}, (1, 1, 16, 16), (1, 3, 16, 16)],
    [{"spatial_dims": 2, "recal": ["scse", {"bias": True}]}, (1, 1, 16, 16), (1, 3, 16, 16)],
    [{"spatial_dims": 2, "kernel_size": 1, "features": 6}, (1, 1, 16, 16), (1, 3, 16, 16)],
    [{"spatial_dims": 2, "act": "prelu", "norm": "instance"}, (1, 1, 32, 32), (1, 3, 32, 32)],
    [{"spatial_dims": 2, "norm": ("group", {"num_groups": 1})}, (1, 1, 16, 16), (1, 3, 16, 16)],
]


@pytest.mark.parametrize(("options", "input_shape", "expected_shape"), CASES)
@pytest.mark.parametrize("network_type", NETWORKS)
def test_shape(network_type: type, options: dict, input_shape: tuple, expected_shape: tuple) -> None:
    network = network_type(**{**SMALL, **options}).eval()
    with torch.no_grad():
        y = network(torch.randn(input_shape))
    assert y.shape == expected_shape
    assert torch.isfinite(y).all()


@pytest.mark.parametrize(
    ("recal", "extra"), [(None, 0), ("cse", 32_768), ("sse", 512), ("scse", 33_280), ("pe", 32_768)]
)
@pytest.mark.parametrize(
    ("network_type", "options", "plain"),
    [
        (SEUNet, {}, 2_120_476),
        (SESDNet, {}, 1_233_948),
        (SESDNet, {"kernel_size": 7}, 2_415_132),
        (SEFCDenseNet, {}, 3_299_106),
    ],
)
def test_number_of_parameters_of_the_paper(network_type: type, options: dict, plain: int, recal, extra: int) -> None:
    assert count(network_type(2, 1, 28, recal=recal, **options)) == plain + extra


@pytest.mark.parametrize("network_type", NETWORKS)
def test_default_is_scse_with_the_papers_options(network_type: type) -> None:
    network = network_type(2, 1, 28)
    assert count(network) == count(network_type(2, 1, 28, features=64, kernel_size=5, recal="scse", act="relu"))
    blocks = [network.get_submodule(name) for name in recalibrations(network)]
    assert all(type(block) is SpatialChannelSqueezeExcite and block.merge == "add" for block in blocks)


@pytest.mark.parametrize("recal", ["cse", "sse", "scse", "pe"])
@pytest.mark.parametrize("network_type", NETWORKS)
def test_eight_blocks_and_none_in_the_bottleneck(network_type: type, recal: str) -> None:
    expected = [f"{part}.{i}.recal" for part in ("encoders", "decoders") for i in range(4)]
    network = small(network_type, recal=recal)
    assert recalibrations(network) == expected
    assert not any(isinstance(module, SE_BLOCKS) for module in network.bottleneck.modules())
    assert recalibrations(small(network_type, recal=None)) == []


@pytest.mark.parametrize("network_type", NETWORKS)
def test_every_recalibration_block_is_called_once_on_its_blocks_output(network_type: type) -> None:
    network, calls = small(network_type), []
    outputs: dict[str, torch.Tensor] = {}
    for name, module in network.named_modules():
        if name.endswith(".block"):
            module.register_forward_hook(lambda _, __, y, name=name: outputs.update({name: y}))
        elif re.fullmatch(r"\w+\.\d\.recal", name):
            module.register_forward_pre_hook(lambda _, args, name=name: calls.append((name, args[0])))
    network(torch.randn(2, 1, 32, 32))
    assert [name for name, _ in calls] == recalibrations(network)
    assert all(x is outputs[name.replace("recal", "block")] for name, x in calls)


@pytest.mark.parametrize("network_type", NETWORKS)
def test_skip_connection_and_pooling_take_the_recalibrated_map(network_type: type) -> None:
    network = small(network_type).eval()
    recalibrated, pooled, concatenated = [], [], []
    for i in range(4):
        network.encoders[i].recal.register_forward_hook(lambda _, __, y: recalibrated.append(y))
        network.downsamples[i].register_forward_pre_hook(lambda _, args: pooled.append(args[0]))
        network.decoders[i].register_forward_pre_hook(lambda _, args: concatenated.append(args[0]))
    network(torch.randn(1, 1, 16, 32))
    assert all(x is y for x, y in zip(pooled, recalibrated, strict=True))
    for x, y in zip(concatenated, reversed(recalibrated), strict=True):
        assert torch.equal(x[:, :4], y)
        assert x.shape == (1, 8, *y.shape[2:])


@pytest.mark.parametrize(
    ("spatial_dims", "size"),
    [(2, (37, 50)), (2, (1, 1)), (2, (15, 1)), (2, (2, 17)), (1, (1,)), (1, (33,)), (3, (1, 2, 3)), (3, (17, 5, 9))],
)
@pytest.mark.parametrize("network_type", NETWORKS)
def test_odd_and_tiny_sizes(network_type: type, spatial_dims: int, size: tuple[int, ...]) -> None:
    network = small(network_type, spatial_dims).eval()
    with torch.no_grad():
        y = network(torch.randn(2, 1, *size))
    assert y.shape == (2, 3, *size)
    assert torch.isfinite(y).all()


@pytest.mark.parametrize("size", range(1, 16))
def test_every_size_below_the_multiple(size: int) -> None:
    network = small(SESDNet, 1).eval()
    assert network(torch.randn(1, 1, size)).shape == (1, 3, size)


@pytest.mark.parametrize("network_type", NETWORKS)
def test_padding_is_replication_and_is_cropped_again(network_type: type) -> None:
    network = small(network_type).eval()
    x = torch.randn(2, 1, 32, 40)
    y = network(functional.pad(x, (0, 8, 0, 0), mode="replicate"))
    assert torch.equal(network(x), y[..., :40])


@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
@pytest.mark.parametrize("network_type", NETWORKS)
def test_script_save_and_reload(network_type: type, spatial_dims: int, scripted) -> None:
    network = small(network_type, spatial_dims).eval()
    reloaded = scripted(network)
    for size in ([16] * spatial_dims, [19] * spatial_dims):
        x = torch.randn(1, 1, *size)
        with torch.no_grad():
            assert torch.equal(reloaded(x), network(x))


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("spatial_dims", [1, 2, 3])
@pytest.mark.parametrize("network_type", NETWORKS)
def test_every_parameter_gets_a_gradient_in_deterministic_mode(network_type: type, spatial_dims: int) -> None:
    network = small(network_type, spatial_dims)
    x = torch.randn(2, 1, *[32 if spatial_dims < 3 else 20] * spatial_dims, requires_grad=True)
    network(x).square().sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert without == []
    # a bias ahead of batch normalisation has the gradient zero, a weight must not
    unused = [name for name, p in network.named_parameters() if p.ndim > 1 and not p.grad.any() and "cse" not in name]
    assert unused == []
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize(("dropout", "layer"), [(0.5, nn.Dropout2d), (("alphadropout", {"p": 0.5}), nn.AlphaDropout)])
@pytest.mark.parametrize("network_type", NETWORKS)
def test_dropout_in_eight_places(network_type: type, dropout: tuple | float, layer: type) -> None:
    network = small(network_type, dropout=dropout, features=16)
    places = [name for name, module in network.named_modules() if isinstance(module, layer)]
    assert places == [f"{part}.{i}.dropout" for part in ("encoders", "decoders") for i in range(4)]
    assert all(network.get_submodule(name).p == 0.5 for name in places)
    x = torch.randn(2, 1, 32, 32)
    assert not torch.equal(network.train()(x), network(x))
    assert torch.equal(network.eval()(x), network(x))


@pytest.mark.parametrize("network_type", NETWORKS)
def test_no_dropout_by_default(network_type: type) -> None:
    network = small(network_type)
    assert not any("dropout" in name for name, _ in network.named_modules())
    x = torch.randn(2, 1, 32, 32)
    assert torch.equal(network.train()(x), network(x))


@pytest.mark.parametrize("network_type", NETWORKS)
def test_dropout_does_not_change_the_names_of_the_weights(network_type: type) -> None:
    assert small(network_type, dropout=0.1).state_dict().keys() == small(network_type).state_dict().keys()


@pytest.mark.parametrize("network_type", NETWORKS)
def test_state_dict_round_trip(network_type: type) -> None:
    network, other = small(network_type), small(network_type)
    x = torch.randn(2, 1, 32, 32)
    network(x)  # moves the running statistics
    assert not torch.equal(network.eval()(x), other.eval()(x))
    other.load_state_dict(network.state_dict(), strict=True)
    assert torch.equal(network(x), other(x))


@pytest.mark.parametrize("network_type", NETWORKS)
def test_he_normal_weights_and_zero_biases(network_type: type) -> None:
    network = network_type(2, 1, 28)
    weight = network.decoders[2].block.get_parameter(
        {SEUNet: "0.conv.weight", SESDNet: "conv.weight", SEFCDenseNet: "layer1.conv.weight"}[network_type]
    )
    assert weight.shape == (64, 128, 5, 5)
    assert weight.std().item() == pytest.approx((2 / (128 * 25)) ** 0.5, rel=0.02)
    convolutions = [module for module in network.modules() if isinstance(module, nn.modules.conv._ConvNd)]
    biases = [module.bias for module in convolutions if module.bias is not None]
    assert len(biases) > 8
    assert not any(bias.any() for bias in biases)


BAD = [
    ({"kernel_size": 4}, r"kernel_size must be odd and positive, got 4"),
    ({"kernel_size": 0}, r"kernel_size must be odd and positive, got 0"),
    ({"recal": "senet"}, r"recal must be None or one of cse, pe, scse, sse, got 'senet'"),
    ({"recal": ("scse", {"merge": "sum"})}, r"merge must be one of add, max, mul, got 'sum'"),
    ({"recal": ("scse", {"reduction": 5})}, r"reduction must be between 1 and in_channels=4, got 5"),
    ({"features": 0}, r"features must be a whole number of at least 1, got 0"),
    ({"in_channels": 0}, r"in_channels must be a whole number of at least 1, got 0"),
    ({"out_channels": -1}, r"out_channels must be a whole number of at least 1, got -1"),
    ({"spatial_dims": 0}, r"spatial_dims must be 1, 2 or 3, got 0"),
    ({"spatial_dims": 4}, r"spatial_dims must be 1, 2 or 3, got 4"),
    ({"spatial_dims": 0, "recal": None}, r"spatial_dims must be 1, 2 or 3, got 0"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
@pytest.mark.parametrize("network_type", NETWORKS)
def test_argument_out_of_range(network_type: type, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        network_type(**{"spatial_dims": 2, **SMALL, **options})


@pytest.mark.parametrize("network_type", NETWORKS)
def test_bfloat16_autocast_is_close_to_float32(network_type: type) -> None:
    errors = []
    for _ in range(5):
        network = small(network_type).eval()
        x = torch.randn(1, 1, 32, 32)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            y = network(x)
        assert y.dtype == torch.bfloat16
        expected = network(x)
        errors.append((y.float() - expected).square().mean() / expected.square().mean())
    # the median: where values round to ties, a network that unpools may put a maximum one position further
    assert torch.stack(errors).median() < 0.01
