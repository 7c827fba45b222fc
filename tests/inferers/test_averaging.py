"""Test-time augmentation against its formulas, written out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from monai.inferers import SimpleInferer, SlidingWindowInferer
from support.brain_structures import BRAIN_STRUCTURES
from torch import nn
from torch.nn.functional import interpolate

from monai_scse.inferers import (
    ArgmaxInferer,
    ArgmaxSliceInferer,
    AveragingInferer,
    FlipPass,
    IdentityPass,
    Pass,
    ViewAggregationInferer,
    ZoomPass,
)
from monai_scse.labels import mirrored_classes
from monai_scse.networks.nets import SEUNet

CLASSES = 28


def network_2d(seed: int, in_channels: int = 3) -> nn.Module:
    torch.manual_seed(seed)
    return SEUNet(2, in_channels, CLASSES, features=4, kernel_size=3).eval()


def log_mean(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    total = torch.zeros_like(parts[0])
    for part in parts:
        total = total + part
    return torch.log(torch.clamp(total / len(parts), min=torch.finfo(torch.float32).tiny))


def mirrored_by_hand(network: nn.Module, x: torch.Tensor, axis: int) -> torch.Tensor:
    """Class by class, of the image mirrored along an axis. Channels are mirrored in the image alone."""
    found = torch.softmax(network(torch.flip(x, (axis,))).float(), dim=1)
    if axis > 1:
        found = torch.flip(found, (axis,))
    exchange = mirrored_classes(BRAIN_STRUCTURES)
    return torch.stack([found[:, exchange[index]] for index in range(CLASSES)], dim=1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("spatial_axis", [-1, 0, 1])
def test_mean_with_the_mirror_image(seed: int, spatial_axis: int) -> None:
    network, x = network_2d(seed), torch.randn(2, 3, 12, 10)
    with torch.no_grad():
        found = AveragingInferer(
            SimpleInferer(), [IdentityPass(), FlipPass(BRAIN_STRUCTURES, spatial_axis=spatial_axis)]
        )(x, network)
        straight = torch.softmax(network(x).float(), dim=1)
        expected = log_mean([straight, mirrored_by_hand(network, x, spatial_axis + 2)])
    assert torch.equal(found, expected)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(12, 14), (12, 14, 10)])
def test_mean_over_three_sizes(seed: int, shape: tuple[int, ...]) -> None:
    torch.manual_seed(seed)
    network = SEUNet(len(shape), 1, 5, features=4, kernel_size=3).eval()
    x = torch.randn(1, 1, *shape)
    mode = "bilinear" if len(shape) == 2 else "trilinear"
    factors = (0.87, 1.0, 1.15)
    with torch.no_grad():
        found = AveragingInferer(SimpleInferer(), [ZoomPass(factor) for factor in factors])(x, network)
        parts = []
        for factor in factors:
            logits = network(interpolate(x, [round(factor * length) for length in shape], mode=mode)).float()
            parts.append(torch.softmax(interpolate(logits, list(shape), mode=mode), dim=1))
    assert torch.equal(found, log_mean(parts))


@pytest.mark.parametrize("shape", [(12, 14), (12, 14, 10)])
def test_zoom_by_one_is_the_image_as_it_is(shape: tuple[int, ...]) -> None:
    network = SEUNet(len(shape), 1, 5, features=4, kernel_size=3).eval()
    x = torch.randn(1, 1, *shape)
    with torch.no_grad():
        assert torch.equal(ZoomPass(1.0)(network, x), IdentityPass()(network, x))


@pytest.mark.parametrize("seed", range(2))
def test_views_with_mirror_images(seed: int) -> None:
    """Slice by slice: softmax of the logarithm of the mean of both, both sides joined in the sagittal view."""
    networks = [network_2d(seed + number) for number in range(3)]
    volume = torch.randn(8, 9, 10)
    exchange = mirrored_classes(BRAIN_STRUCTURES)
    views = ViewAggregationInferer(
        networks[1:],
        [2, 0],
        [0.6, 0.3, 0.1],
        BRAIN_STRUCTURES,
        num_slices=3,
        sw_batch_size=1,
        mirrored=True,
        confidence=True,
    )
    total = torch.zeros(CLASSES, 8, 9, 10, dtype=torch.float16)
    slabs = torch.stack([volume.index_select(1, (torch.arange(9) + i).clamp(0, 8)) for i in (-1, 0, 1)])
    with torch.no_grad():
        found = views(slabs[None], networks[0])[0]
        for network, axis, weight in zip(networks, (1, 2, 0), (0.6, 0.3, 0.1)):
            size = volume.shape[axis]
            for position in range(size):
                near = [min(max(position + i, 0), size - 1) for i in (-1, 0, 1)]
                x = torch.stack([volume.select(axis, i) for i in near])[None]
                straight = torch.softmax(network(x), dim=1)
                mean = log_mean([straight, mirrored_by_hand(network, x, 1 if axis == 0 else 2)])
                share = torch.softmax(mean, dim=1)[0]
                if axis == 0:
                    share = torch.stack(
                        [share[i] if exchange[i] == i else share[i] + share[exchange[i]] for i in range(CLASSES)]
                    )
                total.select(axis + 1, position).add_((weight / 1.0 * share).half())
    highest, classes = total.max(dim=0)
    assert len(classes.unique()) > 5
    assert torch.equal(found[0], classes.float())
    assert torch.equal(found[1], highest.clamp(max=1).float())


@pytest.mark.parametrize("shape", [(1, 1, 40, 3, 30), (1, 1, 20, 24, 16)])
def test_zoomed_predictions_are_averaged_on_the_grid_of_the_image(shape: tuple[int, ...]) -> None:
    """A network that finds what is bright finds a smooth ball at any size."""
    in_slices = shape[3] == 3
    steps = torch.meshgrid(*(torch.linspace(-1, 1, length) for length in shape[2:]), indexing="ij")
    ball = torch.exp(-2 * sum(step.square() for i, step in enumerate(steps) if i != 1 or not in_slices))[None, None]
    sizes = []

    def bright(x: torch.Tensor) -> torch.Tensor:
        sizes.append(tuple(x.shape[2:]))
        return torch.cat((torch.full_like(x, 0.5), x), dim=1) * 20

    inferer = ArgmaxSliceInferer() if in_slices else ArgmaxInferer(SlidingWindowInferer(shape[2:]))
    found = AveragingInferer(inferer, [ZoomPass(factor) for factor in (0.8, 1.0, 1.25)])(ball, bright)
    assert set(sizes) == {tuple(round(f * n) for n in ((40, 30) if in_slices else shape[2:])) for f in (0.8, 1.0, 1.25)}
    assert found.shape == ball.shape
    assert (found == (ball > 0.5)).float().mean() > 0.97


def test_probabilities_of_zero_stay_finite() -> None:
    class Sure:
        def __call__(self, network: object, x: torch.Tensor) -> torch.Tensor:
            return torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, *x.shape[2:])

    passes: list[Pass] = [Sure(), Sure()]
    found = AveragingInferer(SimpleInferer(), passes)(torch.zeros(1, 1, 2, 2), nn.Identity())
    assert torch.isfinite(found).all()
    assert torch.equal(found.argmax(dim=1), torch.zeros(1, 2, 2, dtype=torch.long))


def test_arguments_reach_the_network() -> None:
    def network(x: torch.Tensor, factor: float) -> torch.Tensor:
        return torch.cat((x, factor * x), dim=1)

    x = torch.rand(1, 1, 3, 3)
    found = AveragingInferer(SimpleInferer(), [IdentityPass()])(x, network, factor=3.0)
    torch.testing.assert_close(found, network(x, 3.0).log_softmax(dim=1))


@pytest.mark.parametrize("factor", [0.0, -1.0])
def test_sizes_must_be_positive(factor: float) -> None:
    with pytest.raises(ValueError, match="factor must be a finite number above 0"):
        ZoomPass(factor)


def test_there_must_be_a_pass() -> None:
    with pytest.raises(ValueError, match="at least one forward pass"):
        AveragingInferer(SimpleInferer(), [])
