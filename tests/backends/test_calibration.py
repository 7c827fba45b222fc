"""The images that a network is quantized with come from the scans of the run, as its inferer cuts them."""

from __future__ import annotations

import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.inferers import SliceInferer

from monai_scse.backends import Calibration, OpenVINONetwork
from monai_scse.data import FAILURE_KEY

pytest.importorskip("openvino")

SCANS = 7


def evaluator_of(calibration: Calibration, network: OpenVINONetwork) -> SupervisedEvaluator:
    """An evaluator at its first scan. Every voxel of a scan holds its number, and every slice adds a hundredth."""
    scans = [torch.full((1, 6, 8, 40), float(number)) + torch.arange(40) / 100 for number in range(SCANS)]
    samples = [{"image": scan} for scan in scans]
    samples[3] = {FAILURE_KEY: {"case": "3"}}
    loader = DataLoader(Dataset(samples), batch_size=1)
    inferer = SliceInferer(spatial_dim=2, roi_size=(-1, -1), sw_batch_size=2)
    evaluator = SupervisedEvaluator(torch.device("cpu"), loader, network, inferer=inferer)
    calibration.attach(evaluator)
    evaluator.state.batch = {"image": scans[0][None]}
    return evaluator


@pytest.mark.parametrize(("count", "expected"), [(1, [0]), (2, [0, 6]), (3, [0, 6]), (4, [0, 2, 4, 6])])
def test_scans_are_spread_over_the_data_set(count: int, expected: list[int]) -> None:
    calibration = Calibration(scans=count, images=4)
    network = OpenVINONetwork(torch.nn.Conv2d(1, 2, 3, padding=1), calibration=calibration).eval()
    evaluator = evaluator_of(calibration, network)
    images = calibration.images_of(network)
    assert {image.shape for image in images} == {(1, 1, 6, 8)}
    assert sorted({int(image[0, 0, 0, 0]) for image in images}) == expected  # the scan of 3 cannot be read
    assert 4 <= len(images) <= 8
    assert not calibration.recording
    assert evaluator.state.batch is not None


def test_images_are_spread_over_a_scan() -> None:
    calibration = Calibration(scans=1, images=4)
    network = OpenVINONetwork(torch.nn.Conv2d(1, 2, 3, padding=1), calibration=calibration).eval()
    evaluator_of(calibration, network)
    slices = [round(100 * float(image[0, 0, 0, 0])) for image in calibration.images_of(network)]
    assert slices == [0, 8, 16, 24, 32]  # every fourth batch of two


@pytest.mark.long
def test_quantized_network_is_near(tmp_path) -> None:
    pytest.importorskip("nncf")
    torch.manual_seed(0)
    inner = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 2, 1))
    calibration = Calibration(images=8)
    network = OpenVINONetwork(inner, "int8", cache_dir=tmp_path, calibration=calibration)
    evaluator = evaluator_of(calibration, network)
    evaluator.val_data_loader = evaluator.data_loader
    network.eval()
    x = torch.full((1, 1, 6, 8), 3.3)
    with torch.no_grad():
        found, expected = network(x), inner(x)
    assert not torch.equal(found, expected)
    assert (found - expected).abs().max() < 0.05 * expected.abs().max()
    again = OpenVINONetwork(inner, "int8", cache_dir=tmp_path, calibration=Calibration()).eval()
    torch.testing.assert_close(again(x), found)  # from the cache, without scans
