"""The recorder against the gates that the blocks compute, and what it leaves behind."""

from __future__ import annotations

import pytest
import torch
from monai.networks.nets import BasicUNet

from monai_scse import recalibrate
from monai_scse.networks import SEGateRecorder
from monai_scse.networks.blocks import ChannelSqueezeExcite, ProjectExcite, SpatialChannelSqueezeExcite
from monai_scse.networks.nets import SEUNet


def test_gates_are_those_of_the_equations():
    block = SpatialChannelSqueezeExcite(2, 6)
    x = torch.randn(3, 6, 5, 4)
    with SEGateRecorder(torch.nn.Sequential(block)) as gates:
        block(x)
    squeezed = torch.relu(x.mean((2, 3)) @ block.cse.squeeze.weight.T)
    torch.testing.assert_close(gates.channel["0"][0], torch.sigmoid(squeezed @ block.cse.excite.weight.T).detach())
    spatial = torch.sigmoid((x * block.sse.squeeze.weight[0]).sum(1, keepdim=True))
    torch.testing.assert_close(gates.spatial["0"][0], spatial.detach())
    assert not gates.elementwise


@pytest.mark.parametrize("block", [ChannelSqueezeExcite(3, 4), ProjectExcite(3, 4)])
def test_output_is_input_times_gates(block):
    x = torch.randn(2, 4, 3, 5, 4)
    with SEGateRecorder(block) as gates:
        output = block(x)
    found = gates.channel[""][0][..., None, None, None] if gates.channel else gates.elementwise[""][0]
    torch.testing.assert_close(output, x * found)


def test_every_block_of_a_network_and_of_a_recalibrated_one():
    x = torch.rand(2, 1, 32, 48)
    for network in (SEUNet(2, 1, 3, features=4), recalibrate(BasicUNet(2, features=(4, 4, 8, 8, 16, 4)))):
        expected = network.eval()(x)
        with SEGateRecorder(network) as gates:
            assert torch.equal(network(x), expected)
            network(x)
        assert len(gates.channel) == len(gates.spatial) == 8
        assert all(name.endswith(".recal") and len(calls) == 2 for name, calls in gates.channel.items())
        assert not any(gate.requires_grad for calls in gates.spatial.values() for gate in calls)
        network(x)  # not watched after stop
        assert all(len(calls) == 2 for calls in gates.channel.values())


def test_starting_again_forgets_and_starting_twice_is_an_error():
    block = ChannelSqueezeExcite(2, 4)
    gates = SEGateRecorder(block)
    for _ in range(2):
        gates.start()
        block(torch.rand(1, 4, 3, 3))
        gates.stop()
    assert len(gates.channel[""]) == 1
    gates.start()
    with pytest.raises(RuntimeError, match="recording has started already"):
        gates.start()


def test_networks_that_cannot_be_watched():
    with pytest.raises(ValueError, match="network must have recalibration blocks of this package, got a BasicUNet"):
        SEGateRecorder(BasicUNet(2))
    with pytest.raises(ValueError, match="network must have recalibration blocks"):
        SEGateRecorder(torch.jit.script(SEUNet(2, 1, 2, features=4)))
    with pytest.raises(ValueError, match="network must not be compiled"):
        SEGateRecorder(torch.compile(SEUNet(2, 1, 2, features=4)))
