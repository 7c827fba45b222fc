"""Scores and volumes of structures against MONAI's metrics and numbers made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance

from monai_scse.metrics import score_structures, structure_dice, structure_volumes


def _two_segmentations() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    label = np.zeros((20, 24, 18), dtype=np.uint8)
    label[3:12, 4:20, 2:9] = 1
    label[12:17, 5:15, 3:16] = 2
    label[0:4, 0:3, 0:5] = 3  # touches the border
    pred = np.roll(label, (1, -2, 1), axis=(0, 1, 2))
    pred[generator.random(pred.shape) < 0.02] = 2
    return pred, label


def test_scores_agree_with_monai():
    pred, label = _two_segmentations()
    spacing = (1.5, 0.8, 2.0)
    scores = score_structures(pred, label, num_classes=4, spacing=spacing)
    assert [score.index for score in scores] == [1, 2, 3]
    for score in scores:
        # MONAI takes surfaces to be open at the border of the volume, so the test pads
        one, other = (torch.from_numpy(np.pad(v == score.index, 1))[None, None].float() for v in (pred, label))
        options = {"include_background": True, "spacing": spacing}
        assert score.dice == pytest.approx(compute_dice(one, other).item(), abs=1e-6)
        hausdorff = compute_hausdorff_distance(one, other, percentile=95, **options)
        assert score.hd95_mm == pytest.approx(hausdorff.item(), rel=1e-5)
        surface = compute_average_surface_distance(one, other, symmetric=True, **options)
        assert score.assd_mm == pytest.approx(surface.item(), rel=1e-5)


def test_two_single_voxels_have_the_distance_between_them():
    pred, label = np.zeros((2, 9, 9, 9), dtype=np.uint8)
    pred[2, 4, 4] = 1
    label[5, 4, 4] = 1
    (score,) = score_structures(pred, label, num_classes=2, spacing=(2.0, 1.0, 1.0))
    assert (score.dice, score.hd95_mm, score.assd_mm) == (0, 6, 6)


def test_absent_structures():
    pred, label = np.zeros((2, 5, 5, 5), dtype=np.uint8)
    label[1:3, 1:3, 1:3] = 1
    missed, absent = score_structures(pred, label, num_classes=3, spacing=(1, 1, 1))
    assert missed.dice == 0
    assert math.isnan(missed.hd95_mm)
    assert math.isnan(missed.assd_mm)
    assert math.isnan(absent.dice)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"\(4, 4, 4\) and \(4, 4, 5\)"):
        score_structures(np.zeros((4, 4, 4)), np.zeros((4, 4, 5)), 2, (1, 1, 1))


def test_volumes_by_hand():
    classes = np.zeros((6, 6, 6), dtype=np.uint8)
    classes[1:3, 1:3, 1:3] = 1
    classes[5, 2, 2] = 3
    inside, absent, cut = structure_volumes(classes, num_classes=4, voxel_mm3=1.5)
    assert (inside.voxels, inside.volume_mm3, inside.touches_border) == (8, 12.0, False)
    assert (absent.voxels, absent.volume_mm3, absent.touches_border) == (0, 0.0, False)
    assert (cut.voxels, cut.volume_mm3, cut.touches_border) == (1, 1.5, True)


def test_more_classes_than_a_segmentation_file_holds() -> None:
    classes = np.zeros((2, 2, 2), dtype=np.int16)
    for measure in (lambda: structure_dice(classes, classes, 257), lambda: structure_volumes(classes, 257, 1.0)):
        with pytest.raises(ValueError, match="at most 256, got 257"):
            measure()
