"""Training slices may lie on the GPU and be augmented there: shown without one on a device that has no memory."""

import pytest
import torch
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.data import SliceDataset
from monai_scse.transforms import RandLateralFlipd, RandSlabTruncationd, RandStructureIntensityd, StackAdjacentSlicesd


@pytest.mark.parametrize(
    "transform",
    [
        RandLateralFlipd(("image", "label"), BRAIN_STRUCTURES, prob=1.0),
        RandSlabTruncationd("image", prob=1.0),
        RandStructureIntensityd("image", offset=0.1, num_classes=len(BRAIN_STRUCTURES), prob=1.0),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_augmentation_stays_on_the_device(transform):
    slices = {"image": torch.rand(5, 32, 32, device="meta"), "label": torch.zeros(1, 32, 32, device="meta")}
    assert {part.device.type for part in transform(slices).values()} == {"meta"}


def test_slices_of_scans_on_the_device():
    scan = {"image": torch.rand(1, 8, 8, 8, device="meta"), "label": torch.zeros(1, 8, 8, 8, device="meta")}
    dataset = SliceDataset([scan], StackAdjacentSlicesd("image", 5), progress=False)
    sample = dataset[3]
    assert sample["image"].shape == (5, 8, 8)
    assert {part.device.type for part in sample.values()} == {"meta"}
