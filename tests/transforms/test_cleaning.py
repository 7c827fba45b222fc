"""Which steps clean a segmentation of organs, and what they leave of it."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from monai_scse.labels import organ_table
from monai_scse.transforms import QC_KEY, organ_cleaning

TABLE = organ_table(
    [
        {"name": "liver", "colour": [200, 100, 100], "min_volume_ml": 400},
        {"name": "right lung", "colour": [100, 100, 200], "many_parts": True},
        {"name": "left lung", "colour": [100, 100, 250], "many_parts": True},
    ]
)
STEPS = {
    "resolve_sides": ["ResolveSidesd"],
    "keep_largest": ["KeepLargestConnectedComponentd"],
    "fill_holes": ["FillHolesd"],
    "check_plausible": ["OrganPartsQCd", "TorsoQCd", "OrganShapeQCd"],
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("on", [True, "true"])
def test_each_step_is_switched_by_a_boolean_or_its_name(step: str, on: bool | str) -> None:
    others = dict.fromkeys(STEPS, "false") | {step: on}
    steps = organ_cleaning(TABLE, window=(-200, 300), **others).transforms
    assert [type(each).__name__ for each in steps] == STEPS[step]


def test_only_organs_of_one_part_lose_their_smaller_parts() -> None:
    classes = torch.zeros(1, 12, 12, 12)
    for index, start in ((1, 0), (2, 4)):
        classes[:, start : start + 2, :4] = index
        classes[:, start, 8] = index
    cleaned = organ_cleaning(TABLE, (-200, 300), check_plausible=False)({"pred": classes})["pred"]
    assert not (cleaned[0, 0, 8] == 1).any()
    assert torch.equal(cleaned == 2, classes == 2)


def test_fat_and_body_are_those_of_the_window() -> None:
    """The torso is half fat of -100 HU: a wider window scales it to another value, and it stays a body."""
    scan = torch.full((1, 40, 40, 10), -1000.0)
    scan[:, 4:36, 4:36] = 40.0
    scan[:, 4:36, 4:20] = -100.0
    classes = torch.zeros_like(scan)
    classes[:, 24:30, 24:30, 3:7] = 1
    for low, high in ((-200, 300), (-1000, 600)):
        image = MetaTensor(
            ((scan - low) / (high - low)).clamp(0, 1), affine=torch.diag(torch.tensor([10.0, 10, 10, 1]))
        )
        sample = {"image": image, "pred": MetaTensor(classes, affine=image.affine)}
        cleaned = organ_cleaning(TABLE, (low, high), keep_largest=False)(sample)["pred"]
        assert cleaned.meta[QC_KEY][1] == "removed: 144.0 ml, at least 400 ml expected"
