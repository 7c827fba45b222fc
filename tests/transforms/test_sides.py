"""Structures take the name of the side of the body that they lie on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Orientation

from monai_scse.transforms import ResolveSidesd
from monai_scse.transforms.sides import body_midline


def scan_and_classes() -> tuple[MetaTensor, MetaTensor]:
    """A body off the centre of the image, axes to right, front and head. Class 1 lies right, 2 left of its middle."""
    image = torch.zeros(1, 80, 30, 20)
    image[:, 30:76, 4:26] = 1  # the middle is at 52.5, that of the image at 39.5
    classes = torch.zeros(1, 80, 30, 20)
    classes[:, 62:72, 8:16, 5:15] = 1
    classes[:, 34:46, 8:16, 5:15] = 2  # right of the image's middle in part
    affine = torch.diag(torch.tensor([3.0, 3, 3, 1]))
    return MetaTensor(image, affine=affine), MetaTensor(classes, affine=affine)


@pytest.mark.parametrize("axcodes", ["RAS", "LPS", "SRA"])
def test_parts_get_the_name_of_their_side_whatever_the_axes(axcodes: str) -> None:
    image, truth = scan_and_classes()
    mixed = truth.clone()
    mixed[:, 62:72, 8:16, 10:15] = 2  # half of the right organ called left
    mixed[:, 36:40, 8:10, 6:8] = 1  # a bit of the left one called right
    turn = Orientation(axcodes, labels=None)
    sample = {"image": turn(image), "pred": turn(mixed)}
    before = sample["pred"].clone()
    resolved = ResolveSidesd("pred", pairs=[(1, 2)])(sample)["pred"]
    assert torch.equal(resolved.as_tensor(), turn(truth).as_tensor())
    assert torch.equal(sample["pred"].as_tensor(), before.as_tensor())


def test_part_near_the_middle_keeps_its_name() -> None:
    image, classes = scan_and_classes()
    classes[:] = 0
    classes[:, 48:56, 8:16, 5:15] = 2  # centre at 51.5, 3 mm left of the middle
    resolved = ResolveSidesd("pred", pairs=[(2, 1)])({"image": image, "pred": classes})["pred"]
    assert torch.equal(resolved.as_tensor(), classes.as_tensor())


def test_midline_follows_a_patient_at_an_angle_and_ignores_an_arm() -> None:
    body = np.zeros((100, 40, 30), dtype=bool)
    for z in range(30):
        body[20 + z // 2 : 70 + z // 2, :, z] = True
    body[80:100, 5:12, :10] = True
    np.testing.assert_allclose(body_midline(body), 44.5 + np.arange(30) / 2, atol=0.7)
