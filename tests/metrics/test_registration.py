"""Rigid registration finds a motion that is known."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from support.phantom_brains import TILTED, phantom
from support.rescans import rescan

from monai_scse.metrics import (
    RigidMotion,
    motion_corrected,
    register_rigidly,
    registered_correlation,
    require_registration,
)
from monai_scse.runtime import InputError


def tensor(volume: np.ndarray, affine: np.ndarray) -> MetaTensor:
    return MetaTensor(torch.from_numpy(volume.astype(np.float32))[None], affine=torch.from_numpy(affine))


def lopsided_phantom() -> np.ndarray:
    image, _ = phantom(0, (64, 100, 48))
    image[32:, :34] = 0  # no symmetry is left
    return image


@pytest.mark.parametrize(
    ("rotation_deg", "translation_mm"),
    [((0, 0, 0), (0, 0, 0)), ((4, -7, 3), (6, -9, 12)), ((-10, 8, 12), (-35, 20, 50))],
)
def test_known_motion_is_found(rotation_deg, translation_mm):
    image = lopsided_phantom()
    fixed = tensor(image, TILTED)
    moving = tensor(*rescan(image, TILTED, rotation_deg, translation_mm, spacing=(1.5, 1, 2), noise=50))
    motion = register_rigidly(fixed, moving)
    np.testing.assert_allclose(motion.rotation_deg, rotation_deg, atol=0.5)
    np.testing.assert_allclose(motion.translation_mm, translation_mm, atol=0.5)
    assert registered_correlation(fixed, moving, motion) > 0.9


@pytest.mark.situation("A repeated scan with one voxel of -95 in a corner", "registered and compared as without it")
def test_one_dark_voxel_changes_nothing():
    image = np.pad(lopsided_phantom(), 20)
    spoilt = image.copy()
    spoilt[0, 0, 0] = -95
    fixed, moving, dark = tensor(image, TILTED), tensor(image, TILTED), tensor(spoilt, TILTED)
    expected, found = (register_rigidly(each, moving, resolutions_mm=(8,)) for each in (fixed, dark))
    np.testing.assert_allclose(found.matrix, expected.matrix, atol=1e-6)
    moved = tensor(np.roll(image, 3, axis=0), TILTED)
    expected_r, found_r = (
        registered_correlation(each, moved, RigidMotion(np.eye(4), (0, 0, 0), (0, 0, 0))) for each in (fixed, dark)
    )
    assert found_r == pytest.approx(expected_r, abs=1e-4)


def test_the_same_scans_give_the_same_motion():
    image = lopsided_phantom()
    pair = [tensor(image, TILTED), tensor(*rescan(image, TILTED, (4, -7, 3), (6, -9, 12), (1.5, 1, 2), noise=50))]
    first, second = register_rigidly(*pair), register_rigidly(*pair)
    np.testing.assert_allclose(first.matrix, second.matrix, rtol=0, atol=1e-6)  # threads add up in any order


def quarter_turn() -> RigidMotion:
    """A quarter turn about the superior axis, right becomes anterior, and 10 mm up."""
    matrix = np.array([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 10], [0, 0, 0, 1.0]])
    return RigidMotion(matrix, rotation_deg=(0, 0, 90), translation_mm=(0, 0, 10))


def test_voxels_are_carried_back_by_the_motion():
    fixed, moving = np.zeros((2, 5, 5, 5))
    moving[4, 1, 3] = 7  # 2 mm voxels from -4 mm on: at (4, -2, 2 + 10)
    lower, higher = np.diag([2.0, 2, 2, 1]), np.diag([2.0, 2, 2, 1])
    lower[:3, 3], higher[:3, 3] = -4, (-4, -4, 6)
    carried = motion_corrected(tensor(moving, higher), tensor(fixed, lower), quarter_turn(), mode="nearest")
    assert np.argwhere(carried[0].numpy() == 7).tolist() == [[1, 0, 3]]  # (-2, -4, 2) turns to (4, -2, 2)
    assert carried.sum() == 7


def test_correlation_counts_what_both_scans_show():
    """Neither the common background nor what only one field of view covers."""
    values = np.zeros((4, 4, 4))
    values[:2, 1:3, 1:3] = np.arange(8).reshape(2, 2, 2) + 1
    still = RigidMotion(np.eye(4), (0, 0, 0), (0, 0, 0))
    other = values * 2
    other[0, 1, 1] = 40
    inside = values > 0
    expected = np.corrcoef(values[:3][inside[:3]], other[:3][inside[:3]])[0, 1]
    found = registered_correlation(tensor(values, np.eye(4)), tensor(other[:3], np.eye(4)), still)
    assert found == pytest.approx(expected, abs=1e-6)


def test_registration_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "itk", types.ModuleType("itk"))
    with pytest.raises(InputError, match="pip install itk-registration"):
        require_registration()
