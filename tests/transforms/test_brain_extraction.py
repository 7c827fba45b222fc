"""Whole heads, unlike skull-stripped scans, lose all but the brain."""

from __future__ import annotations

import logging
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from torch import nn

from monai_scse.inferers import BrainExtractor
from monai_scse.runtime import InputError
from monai_scse.transforms import SCAN_KEY, ExtractBraind, LoadScand, tissue_ml

SHAPE, STEP = (48, 52, 44), 4.0


class Bright(nn.Module):
    """Stands in for the network: what is brighter than a half is brain."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat((0.5 - x, x - 0.5), dim=1)


def scan(head: bool) -> np.ndarray:
    """A bright brain of 60 mm radius, with a darker head of 90 mm radius around it."""
    grid = np.stack(np.meshgrid(*(np.arange(n) - n / 2 for n in SHAPE), indexing="ij")) * STEP
    radius = np.linalg.norm(grid, axis=0)
    return (np.where(radius < 60, 1000, 0) + np.where((radius < 90) & (radius >= 66), 300 * head, 0)).astype(np.float32)


@pytest.fixture
def extract(tmp_path: Path) -> ExtractBraind:
    torch.save({}, tmp_path / "weights.pt")
    return ExtractBraind("image", BrainExtractor(Bright(), tmp_path / "weights.pt", spacing=STEP).predict)


def no_mask(image: MetaTensor) -> torch.Tensor:
    raise AssertionError("a scan with a mask of its own needs no other")


def load(folder: Path, image: np.ndarray, name: str = "one") -> dict[str, MetaTensor]:
    affine = np.diag([STEP, STEP, STEP, 1])
    nibabel.save(nibabel.Nifti1Image(image, affine), folder / f"{name}.nii.gz")
    return LoadScand("image")({"image": str(folder / f"{name}.nii.gz")})


def test_volume_of_tissue(tmp_path: Path) -> None:
    assert tissue_ml(load(tmp_path, scan(head=False))["image"]) == pytest.approx(905, rel=0.02)  # 4/3 pi 6^3
    assert tissue_ml(load(tmp_path, scan(head=True))["image"]) > 2500


def test_skull_stripped_scan_stays_as_it_is(tmp_path: Path, extract: ExtractBraind, caplog) -> None:
    data = load(tmp_path, scan(head=False))
    with caplog.at_level(logging.INFO):
        image = extract(data)["image"]
    assert torch.equal(torch.as_tensor(image), torch.as_tensor(data["image"]))
    assert image.meta[SCAN_KEY] == "skull-stripped"
    assert "one.nii.gz: skull-stripped" in caplog.text


def test_whole_head_keeps_the_brain_alone(tmp_path: Path, extract: ExtractBraind, caplog) -> None:
    data = load(tmp_path, scan(head=True))
    with caplog.at_level(logging.INFO):
        image = extract(data)["image"]
    assert image.meta[SCAN_KEY] == "whole head"
    np.testing.assert_array_equal(image[0].numpy(), scan(head=False))
    assert torch.equal(image.affine, data["image"].affine)
    assert "whole head" in caplog.text
    np.testing.assert_array_equal(data["image"][0].numpy(), scan(head=True))


class Normalised(nn.Module):
    """Stands in for a network with batch normalisation: what is a deviation brighter than the mean is brain."""

    def __init__(self, mean: float, variance: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm3d(1, affine=False)
        self.norm.running_mean.fill_(mean)
        self.norm.running_var.fill_(variance)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return Bright()(self.norm(x) - 0.5)


def test_margin_keeps_the_surroundings_of_the_brain(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "weights.pt")
    image = load(tmp_path, scan(head=True))["image"]
    brain, wider = (
        BrainExtractor(Bright(), tmp_path / "weights.pt", spacing=STEP, margin_mm=margin).predict(image)
        for margin in (0.0, STEP)
    )
    by_hand = brain.clone()
    for axis in (1, 2, 3):
        for step in (-1, 1):
            by_hand |= brain.roll(step, axis)
    assert torch.equal(wider, by_hand)


@pytest.mark.parametrize(
    ("mean", "variance"), [(100.0, 1.0), (0.5, 0.04)], ids=["of no scan like this", "of such scans"]
)
def test_brain_is_found_with_the_statistics_of_training_or_scan(tmp_path: Path, mean, variance) -> None:
    network = Normalised(mean, variance)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    extractor = BrainExtractor(network, tmp_path / "weights.pt", spacing=STEP)
    for _ in range(2):  # the statistics of a scan are not kept for the next one
        mask = extractor.predict(load(tmp_path, scan(head=True))["image"])
        assert mask.dtype == torch.bool
        np.testing.assert_array_equal(mask[0].numpy(), scan(head=False) > 0)
    assert float(network.norm.running_mean) == pytest.approx(mean)


class Nothing(nn.Module):
    """Stands in for a network that finds no brain."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat((1 - 0 * x, 0 * x), dim=1)


@pytest.mark.parametrize(("network", "brain_ml"), [(Bright(), (2000, 3000)), (Nothing(), (500, 3000))])
def test_head_without_a_brain_is_reported(tmp_path: Path, caplog, network, brain_ml) -> None:
    head = scan(head=True)
    torch.save({}, tmp_path / "weights.pt")
    extractor = BrainExtractor(network, tmp_path / "weights.pt", spacing=STEP, brain_ml=brain_ml)
    image = ExtractBraind("image", extractor.predict)(load(tmp_path, head))["image"]  # the bright part has 905 ml
    assert image.meta[SCAN_KEY] == "no brain found"
    np.testing.assert_array_equal(image[0].numpy(), head)
    assert "no brain found" in caplog.text


def test_external_mask_is_used_on_any_grid(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    half = (scan(head=False) > 0)[::2, ::2, ::2].astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(half, np.diag([8.0, 8, 8, 1])), tmp_path / "masks/one.nii.gz")
    masked = ExtractBraind("image", no_mask, mask_dir=tmp_path / "masks")
    image = masked(load(tmp_path, scan(head=True)))["image"]
    assert image.meta[SCAN_KEY] == "masked"
    assert 0.9 < (image > 0).sum() / (scan(head=False) > 0).sum() < 1.1


def test_masks_of_two_scans_of_a_person_lie_in_folders_of_their_names(tmp_path: Path) -> None:
    image = np.random.default_rng(0).uniform(1, 2, SHAPE).astype(np.float32)
    masked = ExtractBraind("image", no_mask, mask_dir=tmp_path / "masks", masks_by_folder=True)
    for folder, width in (("test", 2), ("retest", 3)):
        mask = np.zeros(SHAPE, dtype=np.uint8)
        mask[:width] = 1
        for parent in (tmp_path / folder, tmp_path / "masks" / folder):
            parent.mkdir(parents=True)
        nibabel.save(nibabel.Nifti1Image(mask, np.diag([STEP, STEP, STEP, 1])), tmp_path / f"masks/{folder}/one.nii.gz")
        found = masked(load(tmp_path / folder, image))["image"]
        assert (found > found.min()).any(dim=3).any(dim=2).sum() == width
    (tmp_path / "third").mkdir()
    with pytest.raises(InputError, match="third: no brain mask of the name one"):
        masked(load(tmp_path / "third", image))


def test_missing_and_foreign_masks_and_weights_are_named(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    data = load(tmp_path, scan(head=True))
    masked = ExtractBraind("image", no_mask, mask_dir=tmp_path / "masks")
    with pytest.raises(InputError, match="masks: no brain mask of the name one; add it"):
        masked(data)
    far = np.diag([4.0, 4, 4, 1])
    far[:3, 3] = 5000
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4), np.uint8), far), tmp_path / "masks/one.nii.gz")
    with pytest.raises(InputError, match=r"one.nii.gz: no voxel of this brain mask lies in its scan"):
        masked(data)
    with pytest.raises(InputError, match=r"none.pt: no such file; give scans without skull"):
        ExtractBraind("image", BrainExtractor(Bright(), tmp_path / "none.pt").predict)(data)


@pytest.mark.situation("A brain scan that is dark but for a few voxels", "refused with the volume of what it shows")
def test_few_voxels(tmp_path: Path, extract: ExtractBraind) -> None:
    few = np.zeros(SHAPE, dtype=np.float32)
    few[20:24, 20:24, 20:24] = 100  # 64 voxels of 64 cubic mm
    with pytest.raises(InputError, match=r"shows 4\.1 ml of tissue, too little for a brain; choose another scan\.$"):
        extract(load(tmp_path, few))
