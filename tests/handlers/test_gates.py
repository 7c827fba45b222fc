"""Gates in TensorBoard and in a picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_scse.handlers import TensorBoardGateHandler
from monai_scse.networks.nets import SEUNet
from monai_scse.visualize import save_gate_maps


@pytest.mark.parametrize(("recal", "dims"), [("scse", 2), ("sse", 3), ("cse", 2), ("pe", 3)])
def test_scalars_histograms_and_maps_every_interval(tmp_path, recal, dims):
    network = SEUNet(dims, 1, 2, features=4, kernel_size=3, recal=recal)
    trainer = Engine(lambda engine, image: network(image).mean().backward())
    handler = TensorBoardGateHandler(network, log_dir=str(tmp_path), interval=2)
    handler.attach(trainer)
    trainer.run([torch.rand(2, 1, *(32, 16, 16)[:dims])] * 5)
    handler.close()
    events = EventAccumulator(str(tmp_path), size_guidance={"images": 0}).Reload()
    kinds = {"scse": ["channel", "spatial"], "sse": ["spatial"], "cse": ["channel"], "pe": ["elementwise"]}[recal]
    for kind in kinds:
        scalars = events.Scalars(f"gates/encoders.0.recal/{kind}_mean")
        assert [scalar.step for scalar in scalars] == [2, 4]
        assert all(0 < scalar.value < 1 for scalar in scalars)
        assert f"gates/decoders.3.recal/{kind}" in events.Tags()["histograms"]
    assert len(events.Tags()["images"]) == (0 if recal == "cse" else 8)
    if recal != "cse":
        picture = events.Images("gates/encoders.0.recal/map")[0]
        assert (picture.height, picture.width) == (32, 16)


def test_interval_must_be_positive(tmp_path):
    with pytest.raises(ValueError, match="interval must be a whole number of at least 1, got 0"):
        TensorBoardGateHandler(SEUNet(2, 1, 2, features=4), log_dir=str(tmp_path), interval=0)


def test_picture_shows_open_gates_bright_and_keeps_the_sides(tmp_path):
    image = np.zeros((20, 24))
    image[2:18, 2:22] = 1.0
    gates = np.zeros((10, 12))
    gates[:5] = 1.0  # open on the left of the patient, since the first axis points right
    save_gate_maps(tmp_path / "maps.png", image, {"half": gates, "shut": np.zeros((5, 6))}, columns=2, title="maps")
    pixels = np.asarray(Image.open(tmp_path / "maps.png").convert("RGB")).astype(int)
    bright = np.argwhere((pixels[..., 0] > 230) & (pixels[..., 1] > 230) & (pixels[..., 2] < 200))
    panel = bright[bright[:, 1] < 0.85 * pixels.shape[1]]  # without the colour bar
    assert len(panel) > 500
    assert np.ptp(panel[:, 1]) < 0.6 * np.ptp(panel[:, 0])  # half as wide as high
    outline = np.argwhere(pixels[..., 2] - pixels[..., 0] > 60)
    assert outline[:, 1].min() + 50 < panel[:, 1].min()  # the patient's left is on the right of the picture


@pytest.mark.parametrize(
    ("image", "maps", "plane", "message"),
    [
        (np.ones((4, 4)), {"a": np.ones((4, 4))}, "oblique", "plane must be one of sagittal, coronal, axial"),
        (np.ones((4, 4)), {}, "axial", "maps must hold at least one map"),
        (np.ones((4, 4)), {"a": np.ones(4)}, "axial", r"got 'a' of shape \(4,\)"),
    ],
)
def test_bad_arguments_of_the_picture(tmp_path, image, maps, plane, message):
    with pytest.raises(ValueError, match=message):
        save_gate_maps(tmp_path / "maps.png", image, maps, plane=plane)
    assert not list(tmp_path.iterdir())
