"""Organs that are too large, lie where they cannot, or hide something else are flagged in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_scse.labels import organ_table
from monai_scse.transforms import QC_KEY, UNSURE_INSIDE_KEY, OrganShapeQCd, RecordConfidenced
from monai_scse.transforms.landmarks import diaphragm_height, hip_crest_height

PLACES = {
    "liver": ["above the pelvis"],
    "right lung": ["lung"],
    "left lung": ["lung"],
    "left psoas major": ["below the diaphragm"],
    "aorta": ["along the spine"],
}
TABLE = organ_table(
    [
        {"name": name, "colour": [index, 0, 0], "max_volume_ml": 3000, "places": places}
        for index, (name, places) in enumerate(PLACES.items())
    ]
)
LIVER, RIGHT_LUNG, LEFT_LUNG, PSOAS, AORTA = range(1, 6)
MM = 5.0


def body() -> tuple[np.ndarray, np.ndarray]:
    """A scan in [0, 1] and its classes, (x, y, z): hips up to 12, lungs from 40 to 70 of 80 slices of 5 mm."""
    scan, classes = np.zeros((80, 60, 80)), np.zeros((80, 60, 80))
    scan[5:75, 10:50] = 0.5
    scan[36:44, 12:20] = 1.0  # spine
    scan[10:25, 14:18, :12] = scan[55:70, 14:18, :12] = 1.0  # hip bones
    for lung, x in ((RIGHT_LUNG, slice(46, 66)), (LEFT_LUNG, slice(14, 34))):
        classes[x, 15:45, 40:70] = lung
        scan[x, 15:45, 40:70] = 0.0
    classes[44:66, 25:45, 20:40] = LIVER
    classes[32:36, 14:18, 5:36] = PSOAS
    classes[38:42, 21:25, 15:68] = AORTA
    return scan, classes


def reasons(
    scan: np.ndarray, classes: np.ndarray, affine: np.ndarray | None = None, meta: dict[str, Any] | None = None
) -> dict[int, str]:
    affine = np.diag([MM, MM, MM, 1.0]) if affine is None else affine
    image = MetaTensor(torch.tensor(scan[None]), affine=affine)
    pred = MetaTensor(torch.tensor(classes[None]), affine=affine, meta=meta or {})
    checked = OrganShapeQCd("pred", TABLE)({"image": image, "pred": pred})
    assert torch.equal(checked["pred"].as_tensor(), pred.as_tensor())
    assert checked["image"].meta[QC_KEY] == checked["pred"].meta[QC_KEY]
    return checked["pred"].meta[QC_KEY]


def test_healthy_body_is_not_flagged() -> None:
    assert reasons(*body()) == {}


def test_landmarks_are_where_they_were_drawn() -> None:
    scan, classes = body()
    lungs = np.isin(classes, (RIGHT_LUNG, LEFT_LUNG))
    assert diaphragm_height(lungs, 0.25) == 40
    assert diaphragm_height(lungs[..., :40], 0.25) is None
    bone, inside = scan > 0.9, scan > 0
    assert hip_crest_height(bone, inside, lungs, np.full(3, MM)) == 12
    assert hip_crest_height(bone[..., 20:], inside[..., 20:], lungs[..., 20:], np.full(3, MM)) is None  # no hips
    bone[10:25, 14:18] = bone[55:70, 14:18] = True  # arms, ribs: bone all the way up
    assert hip_crest_height(bone, inside, lungs, np.full(3, MM)) is None


def test_large_organ() -> None:
    scan, classes = body()
    classes[10:70, 20:45, 20:40] = LIVER
    assert reasons(scan, classes) == {LIVER: "3750 ml, at most 3000 ml expected"}


def test_liver_below_the_hip_crest() -> None:
    scan, classes = body()
    classes[50:60, 25:45, 2:20] = LIVER
    expected = "250 ml, down to 5 cm, lie below the hip bones' crest, at most 10 % expected"
    assert reasons(scan, classes) == {LIVER: expected}


def test_muscle_above_the_diaphragm() -> None:
    scan, classes = body()
    classes[20:24, 46:50, 72:78] = PSOAS
    assert reasons(scan, classes) == {PSOAS: "12.0 ml lie above the diaphragm, none expected"}


def test_aorta_that_is_not_one_tube() -> None:
    scan, classes = body()
    classes[35:37, 30:34, 50:56] = classes[43:45, 30:34, 50:56] = AORTA
    expected = "three or more vessels side by side over 3.0 cm, at most two expected"
    assert reasons(scan, classes) == {AORTA: expected}
    classes[36:46, 26:38, 57] = AORTA
    assert "largest section 34 cm2, at most 30 cm2 expected" in reasons(scan, classes)[AORTA]


def test_aorta_in_the_neck() -> None:
    scan, classes = body()
    classes[38:42, 21:25, 68:74] = AORTA
    assert reasons(scan, classes) == {AORTA: "8.0 ml lie above the lungs, none expected"}


def test_apex_of_a_lung_that_was_left_out() -> None:
    scan, classes = body()
    classes[14:34, :, 64:][classes[14:34, :, 64:] == LEFT_LUNG] = 0
    expected = "450 ml of air above the middle of the lungs are no lung, at most 150 ml expected"
    assert reasons(scan, classes) == {RIGHT_LUNG: expected, LEFT_LUNG: expected}


def test_unsure_inside_a_large_organ() -> None:
    assert reasons(*body(), meta={UNSURE_INSIDE_KEY: {LIVER: (0.06, 600.0), PSOAS: (0.3, 40.0)}}) == {
        LIVER: "unsure of 6.0 % of its inside, at most 2 % expected"
    }


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("down", [False, True])
def test_axes_of_any_order(axes: tuple[int, int, int], down: bool) -> None:
    scan, classes = body()
    classes[20:24, 46:50, 72:78] = PSOAS
    step = np.diag([MM, MM, -MM if down else MM])
    if down:
        scan, classes = scan[..., ::-1].copy(), classes[..., ::-1].copy()
    affine = np.eye(4)
    affine[:3, :3] = step[:, axes]
    found = reasons(scan.transpose(axes).copy(), classes.transpose(axes).copy(), affine)
    assert found == {PSOAS: "12.0 ml lie above the diaphragm, none expected"}


def test_share_of_unsure_voxels_is_counted_inside() -> None:
    """A cube of 9 voxels has a core of 5 at a depth of 2: a plane of it is doubtful."""
    classes = torch.zeros(1, 15, 15, 15)
    classes[:, 3:12, 3:12, 3:12] = 1
    probability = torch.where(classes > 0, 0.9, 1.0)
    probability[:, 5] = 0.7
    probability[:, 3] = 0.1  # the border
    pred = MetaTensor(torch.cat((classes, probability)), affine=torch.diag(torch.tensor([3.0, 3, 3, 1])))
    noted = RecordConfidenced("pred", inside_mm=6.0)({"pred": pred})["pred"].meta[UNSURE_INSIDE_KEY]
    # the six voxels at the distance along the axes are inside: a cross-shaped erosion leaves 5 x 5 x 5
    assert noted == {1: (pytest.approx(1 / 5), pytest.approx(125 * 0.027))}
    assert UNSURE_INSIDE_KEY not in RecordConfidenced("pred")({"pred": pred})["pred"].meta
