"""Inferers against MONAI's own with all logits."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from monai.inferers import SliceInferer, SlidingWindowInferer
from support.brain_structures import BRAIN_STRUCTURES
from torch import nn

from monai_scse.inferers import (
    ArgmaxInferer,
    ArgmaxSliceInferer,
    AutocastInferer,
    AveragingInferer,
    FlipPass,
    IdentityPass,
    MirrorAgreementInferer,
    ViewAggregationInferer,
    prefers_bfloat16,
)
from monai_scse.labels import mirrored_classes
from monai_scse.networks.nets import SEUNet


@pytest.fixture
def network() -> nn.Module:
    return SEUNet(2, 1, 5, features=4, kernel_size=3).eval()


@pytest.mark.parametrize("sw_batch_size", [1, 4, 100])
@pytest.mark.parametrize("spatial_dim", [0, 1, 2])
def test_argmax_equals_argmax_of_all_logits(network: nn.Module, spatial_dim: int, sw_batch_size: int) -> None:
    volume = torch.randn(2, 1, 11, 9, 13)
    stock = SliceInferer(spatial_dim=spatial_dim, roi_size=(-1, -1), sw_batch_size=sw_batch_size)
    ours = ArgmaxSliceInferer(spatial_dim=spatial_dim, sw_batch_size=sw_batch_size)
    with torch.no_grad():
        expected = stock(volume, network).argmax(1, keepdim=True)
        classes = ours(volume, network)
    assert classes.dtype == torch.float32
    assert len(expected.unique()) > 2
    assert torch.equal(classes, expected.float())


def test_argmax_of_a_sliding_window() -> None:
    network = SEUNet(3, 1, 5, features=4, kernel_size=3).eval()
    volume = torch.randn(1, 1, 20, 24, 16)
    windows = SlidingWindowInferer((16, 16, 16), overlap=0.5, mode="gaussian", padding_mode="replicate")
    with torch.no_grad():
        classes = ArgmaxInferer(windows)(volume, network)
        expected = windows(volume, network).argmax(1, keepdim=True)
    assert len(expected.unique()) > 2
    assert torch.equal(classes, expected.float())


def test_argmax_is_a_slice_inferer_along_the_coronal_axis() -> None:
    inferer = ArgmaxSliceInferer()
    assert isinstance(inferer, SliceInferer)
    assert inferer.spatial_dim == 1


@pytest.mark.parametrize("spatial_dim", [0, 1, 2])
def test_argmax_gives_the_network_whole_slices_and_one_at_a_time(spatial_dim: int) -> None:
    seen = []

    def network(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.clone())
        return torch.cat([-x, x], dim=1)

    volume = torch.randn(1, 1, 3, 4, 5)
    classes = ArgmaxSliceInferer(spatial_dim, sw_batch_size=1)(volume, network)
    assert torch.equal(classes, (volume > 0).float())
    assert len(seen) == volume.shape[spatial_dim + 2]
    for position, x in enumerate(seen):
        assert torch.equal(x, volume.select(spatial_dim + 2, position))


def test_argmax_with_many_input_channels(network: nn.Module) -> None:
    wide = SEUNet(2, 3, 5, features=4, kernel_size=3).eval()
    volume = torch.randn(1, 3, 6, 4, 7)
    with torch.no_grad():
        classes = ArgmaxSliceInferer(1)(volume, wide)
        expected = torch.stack([wide(volume[:, :, :, i]).argmax(1, keepdim=True) for i in range(4)], 3)
    assert torch.equal(classes, expected.float())


def test_argmax_keeps_the_place_in_space(network: nn.Module) -> None:
    affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0], dtype=torch.float64))
    with torch.no_grad():
        classes = ArgmaxSliceInferer()(MetaTensor(torch.randn(1, 1, 6, 3, 7), affine=affine), network)
    assert isinstance(classes, MetaTensor)
    assert torch.equal(classes.affine.squeeze(), affine)


class Recorder(nn.Conv2d):
    """Remembers the data type of its output."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        self.seen = y.dtype
        return y


@pytest.mark.parametrize(
    ("amp", "inside"),
    [(True, torch.bfloat16), (False, torch.float32), ("true", torch.bfloat16), ("false", torch.float32)],
)
def test_autocast_runs_in_bfloat16_and_returns_float32(amp: bool | str, inside: torch.dtype) -> None:
    network = Recorder(1, 3, 3)
    x = torch.randn(2, 1, 8, 8)
    y = AutocastInferer(amp=amp)(x, network)
    assert network.seen == inside
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, network(x), rtol=0.02, atol=0.02 if inside is torch.bfloat16 else 0)
    assert not torch.is_autocast_enabled("cpu")


def test_autocast_is_on_by_default() -> None:
    network = Recorder(1, 3, 3)
    AutocastInferer()(torch.randn(1, 1, 4, 4), network)
    assert network.seen == torch.bfloat16


def test_autocast_around_the_argmax_of_slices() -> None:
    network = Recorder(1, 3, 1)
    volume = torch.randn(1, 1, 5, 4, 3)
    classes = AutocastInferer(ArgmaxSliceInferer(2))(volume, network)
    assert network.seen == torch.bfloat16
    assert classes.dtype == torch.float32
    assert classes.shape == volume.shape


def test_autocast_gradients_are_float32() -> None:
    network = nn.Conv2d(1, 3, 3)
    AutocastInferer()(torch.randn(1, 1, 4, 4), network).sum().backward()
    assert network.weight.grad.dtype == torch.float32
    assert network.weight.grad.any()


def test_autocast_passes_arguments_on() -> None:
    assert AutocastInferer()(torch.ones(1), lambda x, factor: factor * x, factor=3).item() == 3


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({}, False), ({"avx512_bf16": True}, True), ({"amx_bf16": True}, True), ({"avx512_f": True}, False)],
)
def test_bfloat16_pays_with_the_right_instructions(monkeypatch, capabilities: dict, expected: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert prefers_bfloat16("cpu") is expected
    assert prefers_bfloat16(torch.device("cpu")) is expected


def test_bfloat16_pays_on_cuda_asks_for_native_units(monkeypatch) -> None:
    def is_supported(including_emulation: bool = True) -> bool:
        return including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_supported)
    assert prefers_bfloat16("cuda:0") is False


def test_confidence_is_the_probability_of_the_class(network: nn.Module) -> None:
    volume = torch.randn(1, 1, 11, 9, 13)
    stock = SliceInferer(spatial_dim=1, roi_size=(-1, -1), sw_batch_size=4)
    with torch.no_grad():
        probability, classes = stock(volume, network).softmax(1).max(1, keepdim=True)
        found = ArgmaxSliceInferer(confidence=True)(volume, network)
        whole = ArgmaxInferer(stock, confidence=True)(volume, network)
    for both in (found, whole):
        assert torch.equal(both[:, :1], classes.float())
        torch.testing.assert_close(both[:, 1:], probability)


def brains(seed: int = 0) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(seed)
    return SEUNet(2, 3, 28, features=4, kernel_size=3).eval(), torch.randn(1, 3, 12, 10, 8)


def test_mean_with_the_mirror_image_gives_the_mirrored_segmentation() -> None:
    network, volume = brains()
    exchange = torch.tensor(mirrored_classes(BRAIN_STRUCTURES))
    inferer = AveragingInferer(ArgmaxSliceInferer(), [IdentityPass(), FlipPass(BRAIN_STRUCTURES)])
    with torch.no_grad():
        straight, mirrored = inferer(volume, network), inferer(volume.flip(2), network)
        alone = ArgmaxSliceInferer()(volume, network)
    assert torch.equal(exchange[mirrored.flip(2).long()].float(), straight)
    assert not torch.equal(straight, alone)


def test_agreement_shows_the_mirrored_segmentation_beside_the_other() -> None:
    network, volume = brains()
    exchange = torch.tensor(mirrored_classes(BRAIN_STRUCTURES))
    with torch.no_grad():
        both = MirrorAgreementInferer(ArgmaxSliceInferer(confidence=True), BRAIN_STRUCTURES, every=1)(volume, network)
        straight = ArgmaxSliceInferer(confidence=True)(volume, network)
        mirrored = ArgmaxSliceInferer()(volume.flip(2), network)
    assert torch.equal(both[:, :2], straight)
    assert torch.equal(both[:, 2:], exchange[mirrored.flip(2).long()].float())
    assert not torch.equal(both[:, :1], both[:, 2:])


def test_agreement_needs_some_slices_only() -> None:
    network, volume = brains()
    inferer = ArgmaxSliceInferer(confidence=True)
    batches = []
    count = network.register_forward_pre_hook(lambda _, inputs: batches.append(len(inputs[0])))
    with torch.no_grad():
        whole = MirrorAgreementInferer(inferer, BRAIN_STRUCTURES, every=1)(volume, network)
        batches.clear()
        some = MirrorAgreementInferer(inferer, BRAIN_STRUCTURES, every=4)(volume, network)
        assert sum(batches) == 10 + 2  # slices along the second axis, and two mirrored ones
        count.remove()
        assert torch.equal(
            MirrorAgreementInferer(inferer, BRAIN_STRUCTURES, every=0)(volume, network), inferer(volume, network)
        )
    assert torch.equal(some[:, :2], whole[:, :2])
    seen = torch.zeros(10, dtype=torch.bool)
    seen[[2, 6]] = True
    assert torch.equal(some[:, 2:, :, seen], whole[:, 2:, :, seen])
    assert (some[:, 2:, :, ~seen] == -1).all()


def test_axial_slices_are_segmented_mirrored_and_sagittal_ones_are_not() -> None:
    network, volume = brains()
    with torch.no_grad():
        axial = MirrorAgreementInferer(ArgmaxSliceInferer(spatial_dim=2), BRAIN_STRUCTURES)(volume, network)
        sagittal = MirrorAgreementInferer(ArgmaxSliceInferer(spatial_dim=0), BRAIN_STRUCTURES)(volume, network)
        alone = ArgmaxSliceInferer(spatial_dim=0)(volume, network)
    assert ((axial[:, 1] == -1).all(dim=(0, 1, 2))).tolist() == [i not in (2, 6) for i in range(8)]
    assert torch.equal(sagittal, alone)


@pytest.mark.parametrize("mirrored", [False, True, "false", "true"])
def test_views_are_a_weighted_mean_of_probabilities_by_position(mirrored: bool | str) -> None:
    (coronal, _), (axial, _), (sagittal, _) = (brains(seed) for seed in range(3))
    volume = torch.randn(1, 1, 12, 10, 8)
    views = ViewAggregationInferer(
        [axial, sagittal],
        [2, 0],
        [2, 1, 1],
        BRAIN_STRUCTURES,
        num_slices=3,
        sw_batch_size=5,
        mirrored=mirrored,
        confidence=True,
    )
    exchange = mirrored_classes(BRAIN_STRUCTURES)

    def stacked(volume: torch.Tensor, axis: int) -> torch.Tensor:
        size = volume.shape[axis + 2]
        shown = [volume.index_select(axis + 2, (torch.arange(size) + i).clamp(0, size - 1)) for i in (-1, 0, 1)]
        return torch.cat(shown, dim=1)

    def mean_of_views(volume: torch.Tensor) -> torch.Tensor:
        parts = [
            SliceInferer(spatial_dim=axis, roi_size=(-1, -1))(stacked(volume, axis), network).softmax(1)
            for axis, network in ((1, coronal), (2, axial), (0, sagittal))
        ]
        for left, right in ((left, right) for left, right in enumerate(exchange) if left < right):
            both = parts[2][:, left] + parts[2][:, right]
            parts[2][:, left], parts[2][:, right] = both, both.clone()
        return (2 * parts[0] + parts[1] + parts[2]) / 4

    with torch.no_grad():
        found = views(stacked(volume, 1), coronal)
        mean = mean_of_views(volume)
        if mirrored in (True, "true"):
            mean = (mean + mean_of_views(volume.flip(2)).flip(2)[:, list(exchange)]) / 2
    expected = mean.argmax(1, keepdim=True).float()
    assert len(expected.unique()) > 5
    assert (found[:, :1] == expected).float().mean() > 0.995  # half precision decides ties otherwise
    assert torch.allclose(found[:, 1:], mean.amax(1, keepdim=True).clamp(max=1), atol=2e-3)


def test_views_that_are_sure_have_full_confidence() -> None:
    side = mirrored_classes(BRAIN_STRUCTURES).index(2)  # a class of one side

    def sure(x: torch.Tensor) -> torch.Tensor:
        return 30.0 * torch.nn.functional.one_hot(torch.full(x[:, 0].shape, side), 28).movedim(-1, 1)

    network = nn.Module()
    network.forward = sure
    views = ViewAggregationInferer([network], [0], [0.9, 0.1], BRAIN_STRUCTURES, confidence=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):  # as evaluate.json calls it
        assert views(torch.zeros(1, 1, 4, 5, 6), network)[:, 1:].min() > 0.998


def test_views_need_an_axis_and_a_weight_each() -> None:
    with pytest.raises(ValueError, match="networks, spatial_dims and weights must be n, n and n"):
        ViewAggregationInferer([brains()[0]], [2], [1.0], BRAIN_STRUCTURES)


def test_one_progress_bar_when_asked(capfd: pytest.CaptureFixture[str]) -> None:
    image = torch.rand(1, 1, 8, 12, 8)
    ArgmaxSliceInferer(sw_batch_size=4)(image, lambda x: x)
    assert capfd.readouterr().err == ""
    ArgmaxSliceInferer(sw_batch_size=4, progress=True)(image, lambda x: x)
    states = [state for state in capfd.readouterr().err.split("\r") if state.strip()]
    assert states
    assert all(state.startswith("slices:") for state in states)
