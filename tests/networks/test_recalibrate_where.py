"""Where recalibrate puts its blocks."""

from __future__ import annotations

import pytest
import torch
from support.stock_networks import blocks
from torch import nn

from monai_scse import describe_recalibration, recalibrate


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
    """A user's block with a child named like the blocks of this package."""

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
