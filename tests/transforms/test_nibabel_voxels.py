"""Voxels read slab by slab are those that nibabel reads at once."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.transforms import LoadImaged

from monai_scse.transforms import LoadScand


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("scaling", [None, (0.37, -1024.5)])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mgz"])
def test_voxels_and_meta_data_of_the_stock_transform(tmp_path: Path, dtype, scaling, suffix) -> None:
    if suffix == ".mgz" and (scaling is not None or dtype in (np.uint16, np.float64)):
        pytest.skip("MGH files have no such numbers")
    numbers = np.random.default_rng(0).integers(0, 200, (7, 5, 19)).astype(dtype)
    kind = nibabel.MGHImage if suffix == ".mgz" else nibabel.Nifti1Image
    image = kind(numbers, np.diag([-1.0, 2, 3, 1]))
    if scaling is not None:
        image.header.set_slope_inter(*scaling)
    file = tmp_path / f"scan{suffix}"
    nibabel.save(image, file)
    ours = LoadScand("image")({"image": str(file)})["image"]
    stock = LoadImaged("image", reader="NibabelReader", ensure_channel_first=True)({"image": str(file)})["image"]
    assert torch.equal(ours.as_tensor(), stock.as_tensor())
    assert ours.dtype == torch.float32
    assert ours.is_contiguous()
    assert torch.equal(ours.affine, stock.affine)
    assert ours.meta.keys() == stock.meta.keys()
