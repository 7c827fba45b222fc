"""Slices of tiny random scans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import DataLoader, MetaTensor
from monai.transforms import Compose, LoadImaged, RandFlipd

from monai_scse.data import SliceDataset
from monai_scse.transforms import StackAdjacentSlicesd

SHAPES = [(5, 6, 7), (4, 3, 8)]


@pytest.fixture
def scans(tmp_path: Path, write_nifti) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    volumes = [(rng.normal(size=s).astype(np.float32), rng.integers(0, 4, s).astype(np.uint8)) for s in SHAPES]
    for i, (image, label) in enumerate(volumes):
        write_nifti(tmp_path / "images" / f"{i}.nii.gz", image)
        write_nifti(tmp_path / "labels" / f"{i}.nii.gz", label)
    return volumes


@pytest.fixture
def data(scans: list, tmp_path: Path) -> list[dict[str, str]]:
    return [{key: str(tmp_path / f"{key}s" / f"{i}.nii.gz") for key in ("image", "label")} for i in range(len(scans))]


LOAD = Compose([LoadImaged(["image", "label"], ensure_channel_first=True)])


@pytest.mark.parametrize("spatial_dim", [0, 1, 2])
def test_all_slices_of_all_scans_in_order(scans: list, data: list, spatial_dim: int) -> None:
    dataset = SliceDataset(data, LOAD, spatial_dim=spatial_dim, progress=False)
    expected = [
        (np.take(image, i, spatial_dim), np.take(label, i, spatial_dim))
        for image, label in scans
        for i in range(image.shape[spatial_dim])
    ]
    assert len(dataset) == len(expected)
    for i, (image, label) in enumerate(expected):
        sample = dataset[i]
        np.testing.assert_array_equal(sample["image"].numpy(), image[None])
        np.testing.assert_array_equal(sample["label"].numpy(), label[None])


def test_coronal_by_default(data: list) -> None:
    assert len(SliceDataset(data, LOAD, progress=False)) == SHAPES[0][1] + SHAPES[1][1]


def test_samples_are_plain_tensors_of_the_wanted_keys(data: list) -> None:
    sample = SliceDataset(data, LOAD, keys=("label",), progress=False)[0]
    assert list(sample) == ["label"]
    assert not isinstance(sample["label"], MetaTensor)


def test_slice_transform_is_drawn_anew_and_leaves_the_scans_alone(scans: list, data: list) -> None:
    flip = RandFlipd(["image", "label"], prob=0.5, spatial_axis=0)
    flip.set_random_state(0)
    dataset = SliceDataset(data, LOAD, Compose([flip]), progress=False)
    image = scans[0][0][:, 2]
    seen = {bool(np.array_equal(np.asarray(dataset[2]["image"])[0], image)) for _ in range(20)}
    assert seen == {True, False}
    np.testing.assert_array_equal(list(dataset.slices("image"))[2][0].numpy(), image)


def test_slices_are_those_before_the_transform(scans: list, data: list) -> None:
    dataset = SliceDataset(data, LOAD, lambda sample: {"image": sample["image"] * 0}, progress=False)
    labels = list(dataset.slices("label"))
    assert len(labels) == len(dataset)
    np.testing.assert_array_equal(torch.stack(labels[:6]).numpy()[:, 0], scans[0][1].transpose(1, 0, 2))
    assert not dataset[0]["image"].any()


def test_scans_are_loaded_once(data: list) -> None:
    calls = []

    def load(sample: dict) -> dict:
        calls.append(sample["image"])
        return LOAD(sample)

    dataset = SliceDataset(data, load, progress=False)
    for i in range(len(dataset)):
        dataset[i]
    assert sorted(calls) == sorted(sample["image"] for sample in data)


def test_batches(data: list) -> None:
    dataset = SliceDataset(data[:1], LOAD, spatial_dim=0, progress=False)
    (batch,) = DataLoader(dataset, batch_size=5, num_workers=0)
    assert batch["image"].shape == (5, 1, 6, 7)


@pytest.mark.parametrize("spatial_dim", [-1, 3])
def test_spatial_dim_out_of_range(spatial_dim: int) -> None:
    with pytest.raises(ValueError, match=rf"spatial_dim must be a whole number from 0 to 2, got {spatial_dim}"):
        SliceDataset([], LOAD, spatial_dim=spatial_dim)


def test_neighbouring_slices_take_the_memory_of_one_scan(data: list) -> None:
    stack = Compose([LOAD, StackAdjacentSlicesd("image", num_slices=5, spatial_dim=2)])
    stacked = SliceDataset(data, stack, spatial_dim=2, progress=False).scans[0]["image"]
    assert stacked.shape == (5, *SHAPES[0])
    assert stacked.untyped_storage().nbytes() <= 4 * 5 * 6 * (7 + 4)
