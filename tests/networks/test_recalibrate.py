"""The table test: what a recalibrated network must be able to do.

Every network with scSE and every block in one network, in 2D and 3D: the hook depends on the network alone.
"""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from monai.bundle import ConfigParser
from monai.networks.nets import BasicUNet, UNet
from support.ddp_steps import two_steps
from support.stock_networks import STOCK, logits
from torch import nn
from torch.jit.frontend import NotSupportedError

from monai_scse import describe_recalibration, recalibrate
from monai_scse.inferers import prefers_bfloat16
from monai_scse.networks.layers import Recal
from monai_scse.networks.nets import SEUNet
from monai_scse.networks.recalibration_sites import find_sites

ADDED = {
    "cse": lambda c: 2 * c * (c // 2),
    "sse": lambda c: c,
    "scse": lambda c: 2 * c * (c // 2) + c,
    "pe": lambda c: 2 * c * (c // 2),
}


def image(name: str, dims: int, batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, 1, *(STOCK[name].size,) * dims)


def blocks(network: nn.Module) -> dict[str, nn.Module]:
    return {name: module for name, module in network.named_modules() if name.endswith(".recal")}


@pytest.fixture(scope="module")
def stock() -> dict[tuple[str, int], nn.Module]:
    """Each network built once; tests take copies."""
    torch.manual_seed(0)
    return {(name, dims): entry.make(dims) for name, entry in STOCK.items() for dims in (2, 3)}


def recalibrated(stock: dict[tuple[str, int], nn.Module], name: str, dims: int, recal: str) -> nn.Module:
    return recalibrate(copy.deepcopy(stock[name, dims]), recal, where=STOCK[name].where)


every_network = pytest.mark.parametrize("name", STOCK)
every_dims = pytest.mark.parametrize("dims", [2, 3])
every_pair = pytest.mark.parametrize(
    ("name", "recal"), [*((name, "scse") for name in STOCK), *(("UNet", block) for block in ADDED if block != "scse")]
)
# compiling takes seconds: a network that compiles whole, one whose own code breaks the graph, one of another library
COMPILED = ("UNet", "BasicUNet", "nnU-Net")
compiled_pairs = pytest.mark.parametrize(
    ("name", "recal", "dims"),
    [
        pytest.param(name, recal, dims, marks=[] if name in COMPILED and dims == 2 else pytest.mark.long)
        for name, recal in [*((name, "scse") for name in STOCK), *(("UNet", one) for one in ADDED if one != "scse")]
        for dims in (2, 3)
    ],
)


def _order(network):
    sites = find_sites(network)
    names = [*sites.encoder, *sites.decoder] if sites else []
    return lambda row: names.index(row.site) if names else 0  # others: as they are


def trained(network: nn.Module, x: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Outputs of one training step, and the gradients of the blocks."""
    torch.manual_seed(1)  # of dropout, and of the noise of a variational network
    network.zero_grad()
    for block in blocks(network).values():  # of each pair of squeezed units one is on, whatever the means are
        for parameter in block.parameters():
            parameter.data[1::2] = -parameter.data[: len(parameter) // 2 * 2 : 2]
    outputs = logits(network(x))
    sum(output.float().square().mean() for output in outputs).backward()
    gradients = {
        f"{site}.{key}": p.grad for site, block in blocks(network).items() for key, p in block.named_parameters()
    }
    for key, gradient in gradients.items():
        assert gradient is not None, key
        assert gradient.dtype == torch.float32, key
        assert torch.isfinite(gradient).all(), key
        assert gradient.any(), key
    return outputs, list(gradients.values())


@pytest.mark.usefixtures("deterministic")
@every_pair
@every_dims
def test_sites_parameters_shape_and_gradients_in_deterministic_mode(stock, name, dims, recal):
    plain = stock[name, dims]
    network = recalibrated(stock, name, dims, recal).train()
    report = describe_recalibration(network)
    channels = STOCK[name].channels
    assert tuple(row.channels for row in sorted(report.rows, key=_order(network))) == channels
    assert report.added == sum(ADDED[recal](c) for c in channels)
    assert report.parameters == report.added + sum(p.numel() for p in plain.parameters())

    x = image(name, dims, batch=4 - dims)
    buffers = copy.deepcopy(dict(network.named_buffers()))
    outputs, gradients = trained(network, x)
    with torch.no_grad():
        expected = logits(copy.deepcopy(plain).train()(x))
    assert [output.shape for output in outputs] == [output.shape for output in expected]
    if dims == 3:  # a second step takes long; deterministic mode itself refuses what is not
        return
    for key, buffer in network.named_buffers():
        buffer.copy_(buffers[key])
    outputs_again, gradients_again = trained(network, x)
    assert all(map(torch.equal, outputs + gradients, outputs_again + gradients_again))


@every_pair
@every_dims
def test_bfloat16_autocast(stock, name, dims, recal):
    if dims == 3 and not prefers_bfloat16("cpu"):
        pytest.skip("this CPU has no bfloat16 instructions: a step of a 3D network takes up to two minutes")
    network = recalibrated(stock, name, dims, recal).train()
    x = image(name, dims, batch=2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, _ = trained(network, x)
    with torch.no_grad():
        expected = logits(network(x))
    assert [output.shape for output in outputs] == [output.shape for output in expected]


@every_network
@every_dims
def test_zero_weights_leave_the_network_as_it_was_and_its_weights_load(stock, name, dims):
    plain = copy.deepcopy(stock[name, dims]).eval()
    network = recalibrate(STOCK[name].make(dims), where=STOCK[name].where).eval()
    loaded = network.load_state_dict(plain.state_dict(), strict=False)
    assert not loaded.unexpected_keys
    assert all(".recal." in key for key in loaded.missing_keys)
    for block in blocks(network).values():
        for parameter in block.parameters():
            nn.init.zeros_(parameter)
    x = image(name, dims)
    with torch.no_grad():
        for output, expected in zip(logits(network(x)), logits(plain(x)), strict=True):
            torch.testing.assert_close(output, expected, rtol=1e-5, atol=1e-6)


@every_pair
@every_dims
def test_state_dict_copy_pickle_and_channels_last(stock, name, dims, recal):
    network = recalibrated(stock, name, dims, recal).eval()
    stream = io.BytesIO()
    torch.save(network.state_dict(), stream)
    stream.seek(0)
    other = recalibrated(stock, name, dims, recal).eval()
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    other.load_state_dict(torch.load(stream, weights_only=True))
    twins = [copy.deepcopy(network), other]
    if "pickle" not in STOCK[name].limits:
        twins.append(pickle.loads(pickle.dumps(network)))
    layout = torch.channels_last if dims == 2 else torch.channels_last_3d
    x = image(name, dims)
    with torch.no_grad():
        expected = logits(network(x))
        for twin in twins:
            for output, one in zip(logits(twin(x)), expected, strict=True):
                assert torch.equal(output, one)
        for output, one in zip(
            logits(other.to(memory_format=layout)(x.to(memory_format=layout))), expected, strict=True
        ):
            torch.testing.assert_close(output, one, rtol=1e-3, atol=1e-4)
        for block in blocks(twins[0]).values():  # the copy has blocks of its own
            for parameter in block.parameters():
                parameter.fill_(3.0)
        assert torch.equal(logits(network(x))[0], expected[0])
        assert not torch.equal(logits(twins[0](x))[0], expected[0])


@every_pair
@every_dims
def test_torchscript_saved_and_loaded_again(stock, scripted, name, dims, recal):
    network = recalibrated(stock, name, dims, recal).eval()
    if "script" in STOCK[name].limits:
        with pytest.raises((RuntimeError, NotSupportedError)) as refused:
            scripted(network)
        assert "monai_scse" not in str(refused.value)  # the limit is the network's own
        return
    x = image(name, dims)
    with torch.no_grad():
        for output, expected in zip(logits(scripted(network)(x)), logits(network(x)), strict=True):
            torch.testing.assert_close(output, expected, rtol=1e-4, atol=1e-5)


@compiled_pairs
def test_compiles_without_a_graph_break_in_a_block(stock, name, dims, recal):
    network = recalibrated(stock, name, dims, recal).eval()
    x = image(name, dims)
    torch._dynamo.reset()
    with torch.no_grad():
        if "fullgraph" in STOCK[name].limits:  # the breaks are the network's own: recal=None has them too
            reasons = torch._dynamo.explain(network)(x).break_reasons
            assert reasons
            assert not [reason for reason in reasons if "monai_scse" in reason.user_stack[-1].filename]
            return
        compiled = torch.compile(network, backend="eager", fullgraph=True)
        for output, expected in zip(logits(compiled(x)), logits(network(x)), strict=True):
            torch.testing.assert_close(output, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dims", [2, pytest.param(3, marks=pytest.mark.long)])
def test_distributed_data_parallel_with_two_processes(tmp_path, dims):
    torch.multiprocessing.spawn(two_steps, args=(str(tmp_path / "store"), dims), nprocs=2)


# ---- where


def small_unet(**options) -> nn.Module:
    return UNet(2, 1, 2, (4, 8, 16), (2, 2), **options)


class Own(nn.Module):
    """A network of a user."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU()) for i, o in ((3, 4), (4, 6))
        )
        self.unused = nn.Sequential(nn.Conv2d(3, 4, 1))
        self.pair = Pair()
        self.head = nn.Conv2d(6, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for stage in self.stages:
            x = stage(x)
        return self.head(self.pair(x)[0])


class Pair(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


@pytest.mark.parametrize(
    "where",
    [
        "stages.?",
        ["stages.0", "stages.1"],
        lambda name, module: isinstance(module, nn.Sequential) and name.startswith("stages"),
    ],
)
def test_where_takes_names_patterns_and_predicates(where):
    network = Own()
    recalibrate(network, where=where)
    assert set(blocks(network)) == {"stages.0.recal", "stages.1.recal"}
    assert [row.channels for row in describe_recalibration(network).rows] == [4, 6]


def test_unknown_network_lists_the_candidates():
    with pytest.raises(
        ValueError, match=r"blocks of Own are not known: .* Candidates: stages\.0 \(4 channels\), stages\.1 \(6 ch"
    ):
        recalibrate(Own())


class Flat(nn.Module):
    """A network without a module that holds others and returns a feature map."""

    def __init__(self, dims: int = 2) -> None:
        super().__init__()
        convolution = (nn.Conv1d, nn.Conv2d)[dims - 1]
        self.stages = nn.ModuleList([convolution(1, 4, 3, padding=1), convolution(4, 6, 3, padding=1)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.stages[1](self.stages[0](x))


@pytest.mark.parametrize("dims", [1, 2])
def test_candidates_of_a_network_without_containers(dims):
    with pytest.raises(ValueError, match=r"Candidates: stages\.0 \(4 channels\), stages\.1 \(6 channels\)\."):
        recalibrate(Flat(dims))


def test_pattern_means_the_outer_modules_that_are_run():
    network = recalibrate(Own(), where=["stages*", "head"])
    assert set(blocks(network)) == {"stages.0.recal", "stages.1.recal", "head.recal"}
    nested = recalibrate(Own(), where=["stages.0", "stages.0.0"])  # named one by one: both
    assert set(blocks(nested)) == {"stages.0.recal", "stages.0.0.recal"}


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("encoder.*", r"where: 'encoder\.\*' matches no module of Own\. Candidates: stages\.0 \(4 channels\)"),
        (["stages.0", "stages.7"], r"where: 'stages\.7' matches no module"),
        ([], "where names no module of Own. Candidates"),
        (lambda name, module: False, "where matches no module of Own. Candidates"),
        ("unused", "unused is not run when Own is"),
        ("pair", "pair must return a feature map .* got no single tensor"),
    ],
)
def test_where_that_cannot_be_recalibrated(where, message):
    network = Own()
    with pytest.raises(ValueError, match=message):
        recalibrate(network, where=where)
    assert not blocks(network)


def test_example_inputs_for_a_network_that_cannot_be_run_with_the_usual_ones():
    class Picky(Own):
        def forward(self, x):
            if x.shape[2:] != (40, 24):
                raise RuntimeError(f"only 40 x 24, not {x.shape[-1]}")
            return super().forward(x)

    with pytest.raises(ValueError, match=r"Picky could not be run .* only 40 x 24, not 64.* as example_inputs"):
        recalibrate(Picky(), where="stages.*")
    network = recalibrate(Picky(), where="stages.?", example_inputs=torch.rand(1, 3, 40, 24))
    assert len(blocks(network)) == 2
    with pytest.raises(ValueError, match=r"not known: .* Candidates: stages\.0 \(4 channels\)"):
        recalibrate(Picky(), example_inputs=torch.rand(1, 3, 40, 24))


@pytest.mark.parametrize("as_dict", [True, False])
def test_network_of_two_inputs(as_dict):
    class Conditional(Own):
        def forward(self, x, time):
            return super().forward(x) + time[:, None, None, None]

    x, time = torch.rand(2, 3, 16, 16), torch.rand(2)
    with pytest.raises(ValueError, match="missing 1 required positional argument: 'time'"):
        recalibrate(Conditional(), where="stages.*")
    inputs = {"time": time, "x": x} if as_dict else (x, time)
    network = recalibrate(Conditional(), where="stages.*", example_inputs=inputs)
    assert len(blocks(network)) == 2
    assert network(x, time).shape == (2, 2, 16, 16)


class HasRecal(nn.Module):
    """A user's block with a child of the name that ours have."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.recal = nn.Sequential(nn.BatchNorm2d(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.recal(self.conv(x))


def test_child_of_a_user_that_is_called_recal():
    network = nn.Sequential(HasRecal(), nn.Conv2d(4, 2, 1)).eval()
    x = torch.rand(1, 1, 8, 8)
    expected = network(x)
    with pytest.raises(ValueError, match="0 is a HasRecal with a 'recal' of its own"):
        recalibrate(network, where=["1", "0"], replace=True)
    assert torch.equal(network(x), expected)  # nothing has changed
    assert not describe_recalibration(network).rows
    recalibrate(network, where="0.conv")
    assert [row.site for row in describe_recalibration(network).rows] == ["0.conv"]
    assert torch.equal(recalibrate(network, None, where="0.conv", replace=True)(x), expected)


# ---- options and bad input


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
