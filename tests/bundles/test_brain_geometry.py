"""The whole inference path, with a network that reads classes off the intensities, against classes made by hand."""

from __future__ import annotations

import itertools
from pathlib import Path

import itk
import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from torch import nn

from monai_scse.metrics import structure_dice

SIDE = 40
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)  # intensity of each class


class ByIntensity(nn.Module):
    """Stands in for the network: the class whose intensity is nearest to that of the middle slice."""

    def __init__(self) -> None:
        super().__init__()
        levels = torch.full((28,), 9.0)
        levels[: len(LEVELS)] = torch.tensor(LEVELS)
        self.register_buffer("levels", levels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        middle = x[:, x.shape[1] // 2, None]
        return -100 * (middle - self.levels[None, :, None, None]).abs()


def classes_at(points: np.ndarray) -> np.ndarray:
    """Classes at places in mm, (..., 3): a ball with a part of its own on the right, in front and on top."""
    radius = np.linalg.norm(points, axis=-1)
    classes = np.where(radius < 15, 1, 0)
    for axis in range(3):
        classes[(radius < 15) & (points[..., axis] > 3 + axis)] = 2 + axis
    return classes


def save_scan(file: Path, affine: np.ndarray, shape: tuple[int, int, int] = (SIDE, SIDE + 4, SIDE - 3)) -> np.ndarray:
    """Write the scan of these classes, return the classes of its voxels."""
    places = nibabel.affines.apply_affine(affine, np.stack(np.indices(shape), axis=-1))
    classes = classes_at(places)
    nibabel.save(nibabel.Nifti1Image(np.float32(LEVELS)[classes] * 800, affine), file)
    return classes


def centred(axes: np.ndarray, shape: tuple[int, int, int] = (SIDE, SIDE + 4, SIDE - 3)) -> np.ndarray:
    """The affine of these axes with 0 mm in the middle of the volume."""
    return nibabel.affines.from_matvec(axes, -axes @ ((np.array(shape) - 1) / 2))


def segment(bundle: Path, folder: Path) -> Path:
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs/inference.json"))
    output = folder / "out"
    parser.update({"dataset_dir": str(folder), "output_dir": str(output), "bundle_root": str(bundle), "device": "cpu"})
    parser.update({"handlers": [], "slice_size": [48, 48], "mirror_every": 0, "amp": False})
    parser["network"] = ByIntensity()
    parser.get_parsed_content("evaluator").run()
    return output


def signed_permutations() -> list[np.ndarray]:
    return [
        np.eye(3)[:, list(order)] * signs
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1.0, -1.0), repeat=3)
    ]


def itk_places(voxels: np.ndarray, file: Path) -> np.ndarray:
    image = itk.imread(str(file), itk.F)
    return np.array([image.TransformIndexToPhysicalPoint([int(i) for i in voxel]) for voxel in voxels])


@pytest.mark.situation(
    "A scan in any of the 48 orders and directions of its axes, and oblique",
    "its segmentation agrees with the reference orientation, Dice at least 0.99, in nibabel and in ITK",
)
def test_48_axis_orders_and_oblique_scans(brain_bundle: Path, tmp_path: Path) -> None:
    turned = nibabel.eulerangles.euler2mat(0.2, -0.1, 0.3)
    axes = [*signed_permutations(), turned, turned @ signed_permutations()[29], turned @ signed_permutations()[11]]
    expected = [save_scan(tmp_path / f"{index:02d}.nii.gz", centred(one)) for index, one in enumerate(axes)]
    output = segment(brain_bundle, tmp_path)
    for index, classes in enumerate(expected):
        scan, file = tmp_path / f"{index:02d}.nii.gz", output / f"{index:02d}_seg.nii.gz"
        found = np.asarray(nibabel.load(file).dataobj)
        assert np.nanmin(structure_dice(found, classes, len(LEVELS))) > 0.99, axes[index]
        voxels = np.argwhere(found)[::97]
        places = nibabel.affines.apply_affine(nibabel.load(file).affine, voxels)
        np.testing.assert_array_equal(classes_at(places), found[tuple(voxels.T)])
        by_itk = itk_places(voxels, file)
        np.testing.assert_allclose(by_itk * [-1, -1, 1], places, atol=1e-3)
        np.testing.assert_array_equal(by_itk, itk_places(voxels, scan))


@pytest.mark.situation(
    "A scan whose sform has a shear and other voxels than 1 mm, as of a tilted gantry",
    "resampled to upright voxels; volumes are those of the anatomy",
)
def test_shear_keeps_volumes(brain_bundle: Path, tmp_path: Path) -> None:
    tilts, shape, volumes = (0.0, 0.2, 0.5), (56, 60, 40), []
    axes = [np.diag([0.8, 0.9, 1.25]) @ np.array([[1, 0, 0], [0, 1, tilt], [0, 0, 1]]) for tilt in tilts]
    expected = [save_scan(tmp_path / f"{tilt}.nii.gz", centred(one, shape), shape) for tilt, one in zip(tilts, axes)]
    output = segment(brain_bundle, tmp_path)
    for tilt, classes in zip(tilts, expected):
        scan, image = nibabel.load(tmp_path / f"{tilt}.nii.gz"), nibabel.load(output / f"{tilt}_seg.nii.gz")
        assert np.allclose(scan.get_qform(), scan.get_sform(), atol=1e-4) == (tilt == 0)
        found = np.asarray(image.dataobj)
        assert np.nanmin(structure_dice((found > 0).astype(int), (classes > 0).astype(int), 2)) > 0.96
        volumes.append(np.count_nonzero(found) * abs(np.linalg.det(image.affine[:3, :3])) / 1000)
    assert volumes[0] == pytest.approx(4 / 3 * np.pi * 1.5**3, rel=0.06)  # half a voxel of its surface counts
    assert volumes == pytest.approx([volumes[0]] * 3, rel=0.01)


@pytest.mark.situation(
    "A scan whose sform and qform lie apart, as after SPM's registration",
    "the sform counts, as in SPM, FSL and nibabel",
)
def test_sform_counts(brain_bundle: Path, tmp_path: Path) -> None:
    affine = centred(np.eye(3))
    classes = save_scan(tmp_path / "a.nii.gz", affine)
    image = nibabel.load(tmp_path / "a.nii.gz")
    image.set_qform(nibabel.affines.from_matvec(np.diag([-1.0, 1, 1]), [20, 23, -5]), 1)  # right and left exchanged
    nibabel.save(image, tmp_path / "a.nii.gz")
    found = nibabel.load(segment(brain_bundle, tmp_path) / "a_seg.nii.gz")
    assert np.nanmin(structure_dice(np.asarray(found.dataobj), classes, len(LEVELS))) > 0.99
    np.testing.assert_array_equal(found.get_qform(), image.get_qform())
    np.testing.assert_array_equal(found.get_sform(), image.get_sform())
