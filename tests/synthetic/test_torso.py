"""Synthetic torsos: anatomy on the right side and of the right size, the same for the same seed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_scse.data import labelled_cases
from monai_scse.synthetic.ct.canvas import TORSO
from monai_scse.synthetic.ct.measures import draw_person
from monai_scse.synthetic.ct.rendering import SyntheticCT
from monai_scse.synthetic.ct.structures import SYNTHETIC_STRUCTURES
from monai_scse.synthetic.ct.torso import FIELDS_OF_VIEW, paint_torso, synthetic_ct

COARSE = (6.0, 6.0, 6.0)
INDEX = {name: index for index, name in enumerate(SYNTHETIC_STRUCTURES)}


@pytest.fixture(scope="module", params=range(4))
def scan(request: pytest.FixtureRequest) -> SyntheticCT:
    return synthetic_ct(request.param, COARSE, "whole torso")


def centre(scan: SyntheticCT, name: str) -> np.ndarray:
    return nibabel.affines.apply_affine(scan.affine, np.argwhere(scan.labels == INDEX[name])).mean(axis=0)


def top(scan: SyntheticCT, name: str) -> float:
    return np.argwhere(scan.labels == INDEX[name])[:, 2].max()


def test_same_seed_same_scan():
    first, again, other = (synthetic_ct(seed, (9, 9, 9)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.image.shape != other.image.shape or (first.image != other.image).any()


def test_first_structures_are_the_organs_of_the_bundle():
    config = Path(__file__).parents[2] / "bundles/wholebody_ct_scse_segmentation/configs/inference.json"
    organs = [organ["name"] for organ in json.loads(config.read_text())["organs"]]
    assert list(SYNTHETIC_STRUCTURES[1 : len(organs) + 1]) == organs


def test_organs_lie_where_they_belong(scan):
    for pair in ("kidney", "lung", "psoas major"):
        assert centre(scan, f"right {pair}")[0] > 30 > -30 > centre(scan, f"left {pair}")[0]
    assert centre(scan, "liver")[0] > 15
    assert centre(scan, "spleen")[0] < -50
    for organ in ("right kidney", "liver", "spleen"):
        assert centre(scan, "urinary bladder")[2] < centre(scan, organ)[2] < centre(scan, "right lung")[2]
    assert top(scan, "liver") > top(scan, "right kidney")
    assert centre(scan, "aorta")[1] > centre(scan, "bone")[1]


@pytest.mark.parametrize(
    ("organ", "smallest", "largest"),
    [
        ("liver", 600, 2500),
        ("spleen", 40, 600),
        ("right kidney", 50, 400),
        ("left kidney", 50, 400),
        ("right lung", 700, 4500),
        ("left lung", 700, 4500),
        ("aorta", 60, 500),
        ("urinary bladder", 10, 600),
    ],
)
def test_volumes_in_millilitres_are_those_of_people(scan, organ, smallest, largest):
    assert smallest < (scan.labels == INDEX[organ]).sum() * np.prod(COARSE) / 1000 < largest


def test_hounsfield_units_are_those_of_tissue(scan):
    mean = {name: scan.image[scan.labels == INDEX[name]].mean() for name in INDEX if (scan.labels == INDEX[name]).any()}
    assert mean["background"] < -900
    assert mean["right lung"] < -600
    assert -130 < mean["subcutaneous fat"] < -60
    assert 0 < mean["liver"] < 180
    assert mean["bone"] > 120
    assert scan.image.dtype == np.int16
    assert scan.labels.dtype == np.uint8


@pytest.mark.parametrize("name", FIELDS_OF_VIEW)
def test_field_of_view(name):
    scan = synthetic_ct(0, (9, 9, 9), name)
    lowest = scan.affine[2, 3]
    ends = (lowest, lowest + 9 * scan.image.shape[2])
    np.testing.assert_allclose(ends, FIELDS_OF_VIEW[name], atol=40)


def test_sex_and_field_of_view_change_what_they_say():
    woman, man = (synthetic_ct(1, (9, 9, 9), "abdomen and pelvis", sex) for sex in ("female", "male"))
    assert (woman.labels == INDEX["uterus"]).any()
    assert not (woman.labels == INDEX["prostate"]).any()
    assert (man.labels == INDEX["prostate"]).any()
    assert not (man.labels == INDEX["uterus"]).any()


def test_same_person_in_fine_and_in_coarse_voxels():
    volumes = [
        [(scan.labels == INDEX[name]).sum() * step**3 / 1000 for name in ("liver", "right lung", "spleen")]
        for step in (5.0, 8.0)
        for scan in [synthetic_ct(4, (step,) * 3, "whole torso")]
    ]
    np.testing.assert_allclose(*volumes, rtol=0.06)


@pytest.mark.parametrize("ends", [(5, 300), (-160, 105), (-335, 100)])
def test_same_person_in_every_field_of_view(ends):
    person = draw_person(np.random.default_rng(3), "female")
    across, along = [np.arange(low, high, 9.0) for low, high in TORSO[:2]], np.arange(-340.0, 320, 9)
    inside = (along > ends[0]) & (along < ends[1])
    whole, part = (paint_torso(3, person, [*across, height]).labels for height in (along, along[inside]))
    assert (whole[:, :, inside] == part).mean() > 0.999


def test_gas_in_the_bowel_comes_and_goes():
    shares = [(synthetic_ct(seed, (9, 9, 9), "abdomen").labels == INDEX["gas"]).mean() for seed in range(6)]
    assert max(shares) > 2 * min(shares)
    assert max(shares) > 0.002


def test_unknown_field_of_view():
    with pytest.raises(ValueError, match=r"field_of_view must be one of whole torso, .*, got 'head'"):
        synthetic_ct(0, field_of_view="head")


@pytest.mark.parametrize("spacing", [(0, 3, 3), (-3, 3, 3), (3, 3), (3, 3, 300)])
def test_impossible_spacing(spacing):
    with pytest.raises(ValueError, match="spacing must be three voxel sizes in mm"):
        synthetic_ct(0, spacing)


def test_command_writes_a_labelled_data_set(tmp_path):
    command = [sys.executable, "-m", "monai_scse.synthetic.ct.torso", "--output_dir", str(tmp_path), "--cases", "2"]
    subprocess.run([*command, "--first_seed", "7", "--spacing", "9", "9", "9"], check=True, capture_output=True)
    cases = labelled_cases(tmp_path)
    assert [Path(case["image"]).name for case in cases] == ["ct_0007.nii.gz", "ct_0008.nii.gz"]
    expected = synthetic_ct(7, (9, 9, 9))
    image = nibabel.load(cases[0]["image"])
    np.testing.assert_array_equal(np.asarray(image.dataobj), expected.image)
    np.testing.assert_allclose(image.affine, expected.affine)
