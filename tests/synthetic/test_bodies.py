"""A body is complete around a person's organs: these are kept, and what surrounds them is whole and in its place."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel
import numpy as np
import pandas
import pytest

from monai_scse.runtime import InputError
from monai_scse.synthetic.ct import make_bodies
from monai_scse.synthetic.ct.anatomy import anatomy_ct, load_body
from monai_scse.synthetic.ct.bodies import Body, body_around
from monai_scse.synthetic.ct.body_checks import measure_body
from monai_scse.synthetic.ct.donors import torso_donor
from monai_scse.synthetic.ct.drawings import DRAWN_ORGANS, Drawing, load_drawing
from monai_scse.synthetic.ct.structures import STRUCTURE_INDEX

STEP = 6.0  # mm


@pytest.fixture(scope="module")
def drawing_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The organs of the abdomen of a torso, as if drawn."""
    structures = torso_donor(3, STEP).structures
    labels = np.zeros_like(structures)
    for number, name in DRAWN_ORGANS.items():
        labels[structures == STRUCTURE_INDEX[name]] = number
    rows = np.flatnonzero((labels == 5).any(axis=(0, 1)))
    labels[..., rows[-1] + 2 :] = 0  # the aorta of the chest is not drawn
    file = tmp_path_factory.mktemp("drawn") / "person.nii.gz"
    nibabel.save(nibabel.Nifti1Image(labels, np.diag([STEP, STEP, STEP, 1])), file)
    return file


@pytest.fixture(scope="module")
def drawing(drawing_file: Path) -> Drawing:
    return load_drawing(drawing_file, STEP)


@pytest.fixture(scope="module")
def body(drawing: Drawing) -> Body:
    """Another person's torso around them: made once, since a registration takes seconds."""
    return body_around(drawing, torso_donor(8, STEP))


def test_organs_are_kept_and_all_around_them_is_whole(body, drawing):
    found = measure_body(body, drawing)
    for name in ("liver", "spleen", "right kidney", "left kidney", "aorta", "stomach", "pancreas", "gallbladder"):
        assert found[f"{name} dice"] > 0.97
    assert found["holes"] == found["apart"] == 0
    assert found["aorta parts"] == 1
    assert found["psoas parts"] == 2
    assert found["aorta before spine"] > 0.95
    assert found["psoas below liver top mm"] > 30


def test_a_body_reaches_beyond_the_drawing_and_has_all_structures(body, drawing):
    assert body.structures.shape[2] > drawing.organs.shape[2] + 20
    names = ("muscle", "bone", "right lung", "left lung", "urinary bladder", "bowel wall", "stomach wall", "heart")
    for name in names:
        assert (body.structures == STRUCTURE_INDEX[name]).any()
    assert not (body.structures == 255).any()


def test_checks_see_faults(body, drawing):
    broken = body.structures.copy()
    broken[0, 0, :3] = STRUCTURE_INDEX["muscle"]
    liver = np.argwhere(broken == STRUCTURE_INDEX["liver"])
    broken[tuple(liver[: len(liver) // 2].T)] = STRUCTURE_INDEX["visceral fat"]
    centre = np.argwhere(broken == STRUCTURE_INDEX["spinal canal"])[20]
    broken[tuple(centre)] = STRUCTURE_INDEX["background"]
    aorta = np.flatnonzero((broken == STRUCTURE_INDEX["aorta"]).any(axis=(0, 1)))
    broken[..., aorta[len(aorta) // 3]][broken[..., aorta[len(aorta) // 3]] == STRUCTURE_INDEX["aorta"]] = 0
    found = measure_body(Body(broken, body.affine), drawing)
    assert found["liver dice"] < 0.8
    assert found["apart"] == 3
    assert found["holes"] > 1
    assert found["aorta parts"] == 2


def test_an_organ_that_a_person_lacks_is_taken_from_nobody(drawing):
    organs = drawing.organs.copy()
    organs[organs == STRUCTURE_INDEX["gallbladder"]] = 0
    without = Drawing(organs, drawing.spacing, drawing.origin, organs, drawing.top)
    assert not (body_around(without, torso_donor(8, STEP)).structures == STRUCTURE_INDEX["gallbladder"]).any()


def test_the_command_writes_bodies_of_which_scans_are_drawn(drawing_file, tmp_path, monkeypatch, capsys):
    command = ["make_bodies", "--drawings", drawing_file, "--output_dir", tmp_path, "--spacing", STEP]
    monkeypatch.setattr(sys, "argv", [str(part) for part in command])
    make_bodies.main()
    assert "1 bodies" in capsys.readouterr().out
    assert {file.name for file in tmp_path.iterdir()} == {"person.nii.gz", "bodies.csv", "bodies.png"}
    assert pandas.read_csv(tmp_path / "bodies.csv")["liver dice"][0] > 0.97
    anatomy = load_body(tmp_path / "person.nii.gz", (STEP,) * 3)
    first, again, other = (anatomy_ct(anatomy, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, again.image)
    assert first.image.shape != other.image.shape or (first.image != other.image).any()
    assert (first.image[first.labels == 0] < -800).mean() > 0.8


def test_bad_input_is_named(drawing_file, tmp_path, monkeypatch):
    def run(*options: object) -> None:
        monkeypatch.setattr(sys, "argv", ["make_bodies", "--output_dir", str(tmp_path), *map(str, options)])
        make_bodies.main()

    with pytest.raises(InputError, match="holds no label maps"):
        run("--drawings", tmp_path)
    with pytest.raises(InputError, match="--image and --label belong together"):
        run("--drawings", drawing_file, "--image", "ct.nii.gz")
    with pytest.raises(InputError, match=r"--spacing 0\.0"):
        run("--drawings", drawing_file, "--spacing", 0)
    other = tmp_path / "other.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.full((4, 4, 4), 99, np.uint8), np.eye(4)), other)
    with pytest.raises(InputError, match=r"other\.nii\.gz: is no body"):
        load_body(other)
