"""The table test: what a recalibrated network must be able to do.

Every network with scSE and every block in one network, in 2D and 3D: the hook depends on the network alone.
"""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from support.ddp_steps import two_steps
from support.stock_networks import STOCK, blocks, logits
from torch import nn
from torch.jit.frontend import NotSupportedError

from monai_scse import describe_recalibration, recalibrate
from monai_scse.inferers import prefers_bfloat16
from monai_scse.networks.recalibration_sites import find_sites

ADDED = {
    "cse": lambda c: 2 * c * (c // 2),
    "sse": lambda c: c,
    "scse": lambda c: 2 * c * (c // 2) + c,
    "pe": lambda c: 2 * c * (c // 2),
}


def image(name: str, dims: int, batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, 1, *(STOCK[name].size,) * dims)


@pytest.fixture(scope="module")
def stock() -> dict[tuple[str, int], nn.Module]:
    """Each network built once. Tests take copies."""
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
    if dims == 3:  # a second step takes long, and deterministic mode itself refuses what is not deterministic
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


@pytest.mark.long
@pytest.mark.parametrize("dims", [2, 3])
def test_distributed_data_parallel_with_two_processes(tmp_path, dims):
    torch.multiprocessing.spawn(two_steps, args=(str(tmp_path / "store"), dims), nprocs=2)
