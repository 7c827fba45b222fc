"""Resampling in little memory gives what MONAI's gives."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Spacing, SpatialResample
from monai.transforms.utils import convert_applied_interp_mode
from scipy.spatial.transform import Rotation

from monai_scse.transforms import LeanResample


def scan(affine: np.ndarray, shape: tuple[int, int, int] = (23, 17, 12)) -> MetaTensor:
    meta = {"filename_or_obj": "scan.nii.gz"}
    return MetaTensor(torch.rand(1, *shape), affine=torch.from_numpy(affine), meta=meta)


def affine_of(voxel: tuple[float, float, float], angles: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * voxel
    affine[:3, 3] = (-31.5, 12.25, 7)
    return affine


def there_and_back(image: MetaTensor, pixdim: float, resample: SpatialResample) -> tuple[MetaTensor, MetaTensor]:
    """The image in other voxels, and its classes by nearest voxels on the image's own grid."""
    spacing = Spacing(pixdim=(pixdim,) * 3)
    spacing.sp_resample = resample
    resampled = spacing(image)
    classes = MetaTensor((9 * resampled.as_tensor()).round()).copy_meta_from(resampled)
    operations = resampled.applied_operations
    classes.applied_operations = convert_applied_interp_mode(operations, mode="nearest", align_corners=None)
    return resampled, spacing.inverse(classes)


# 0.75 of 3 mm: every fourth voxel lies halfway between two
@pytest.mark.parametrize("voxel", [(0.75, 0.75, 3.0), (0.5, 1.5, 0.98), (3.0, 6.0, 0.742)])
@pytest.mark.parametrize("pixdim", [1.0, 3.0])
@pytest.mark.parametrize("slab_voxels", [1, 2**17])
def test_voxels_place_and_inverse_of_the_stock_transform(voxel, pixdim, slab_voxels) -> None:
    image = scan(affine_of(voxel))
    expected = there_and_back(image, pixdim, SpatialResample())
    found = there_and_back(image, pixdim, LeanResample(slab_voxels))
    for ours, stock in zip(found, expected):
        assert torch.equal(ours.as_tensor(), stock.as_tensor())
        assert torch.equal(ours.affine, stock.affine)
        assert ours.meta.keys() == stock.meta.keys()
        assert len(ours.applied_operations) == len(stock.applied_operations)


@pytest.mark.parametrize("shear", [0.0, 0.3])
@pytest.mark.parametrize("slab_voxels", [1, 2**17])
def test_oblique_and_sheared_scans(shear, slab_voxels) -> None:
    affine = affine_of((0.8, 0.75, 2.5), angles=(12, -7, 25))
    affine[1, 2] += shear
    image = scan(affine)
    expected = there_and_back(image, 1.5, SpatialResample())
    found = there_and_back(image, 1.5, LeanResample(slab_voxels))
    assert torch.allclose(found[0].as_tensor(), expected[0].as_tensor(), rtol=0, atol=1e-6)
    assert (found[1] != expected[1]).float().mean() < 1e-3  # a class beside the rounding of an interpolated value
    assert torch.equal(found[1].affine, expected[1].affine)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border"])
@pytest.mark.parametrize("angle", [0, 10])
def test_grids_that_reach_beyond_the_volume(mode, padding_mode, angle) -> None:
    image = scan(affine_of((1, 1, 1)))
    target = affine_of((1.3, 0.7, 1.1), (0, 0, angle))
    target[:3, 3] -= 5
    options = {"dst_affine": torch.from_numpy(target), "spatial_size": (30, 40, 25)}
    expected = SpatialResample(mode=mode, padding_mode=padding_mode)(image, **options)
    found = LeanResample(mode=mode, padding_mode=padding_mode)(image, **options)
    assert torch.allclose(found.as_tensor(), expected.as_tensor(), rtol=0, atol=1e-6)
    assert (expected == 0).any() == (padding_mode == "zeros")


@pytest.mark.parametrize("options", [{"align_corners": True}, {"padding_mode": "reflection"}, {"mode": 3}])
def test_what_is_left_to_the_stock_transform(options) -> None:
    image = scan(affine_of((1, 2, 3)))
    expected = there_and_back(image, 1.5, SpatialResample(**options))
    found = there_and_back(image, 1.5, LeanResample(**options))
    for ours, stock in zip(found, expected):
        assert torch.equal(ours.as_tensor(), stock.as_tensor())


@pytest.mark.parametrize("pixdim", [1.0, 1.5])
@pytest.mark.parametrize("angle", [0, 10])
def test_inverse_keeps_the_type_of_class_indices(pixdim, angle) -> None:
    image = scan(affine_of((1, 1, 1), (angle, 0, 0)))
    spacing = Spacing(pixdim=(pixdim,) * 3)
    spacing.sp_resample = LeanResample()
    resampled = spacing(image)
    operations = convert_applied_interp_mode(resampled.applied_operations, mode="nearest", align_corners=None)
    found = []
    for dtype in (torch.uint8, torch.float32):
        classes = MetaTensor((9 * resampled.as_tensor()).round().to(dtype)).copy_meta_from(resampled)
        classes.applied_operations = deepcopy(operations)
        found.append(spacing.inverse(classes))
    assert [volume.dtype for volume in found] == [torch.uint8, torch.float32]
    assert torch.equal(found[0].as_tensor().float(), found[1].as_tensor())


def test_grid_of_the_scan_itself_changes_nothing() -> None:
    image = scan(affine_of((1, 1, 1), (3, 4, 5)))
    resampled, back = there_and_back(image, 1.0, LeanResample())
    assert torch.equal(resampled.as_tensor(), image.as_tensor())
    assert back.shape == image.shape
