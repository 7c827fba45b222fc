"""The T1w images of a BIDS data set, and the filters that choose among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.bids_sets import describe, empty_set

from monai_scse.bids import find_images, participant_labels, read_filters
from monai_scse.runtime import InputError

SESSIONS = (
    "sub-01_ses-1_acq-mprage_run-01_T1w.nii.gz",
    "sub-01_ses-1_acq-mprage_run-02_T1w.nii",
    "sub-01_ses-1_acq-defaced_T1w.nii.gz",
    "sub-02_ses-2_rec-norm_T1w.nii.gz",
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two participants, and much that is no T1w image of theirs."""
    study = empty_set(
        tmp_path / "study",
        *SESSIONS,
        "sub-01_ses-1_T2w.nii.gz",
        "sub-01_ses-1_acq-mprage_run-01_T1w.json",
        "sub-01_ses-1_part-phase_T1w.nii.gz",
        "sub-02_ses-2_part-mag_T1w.nii.gz",
    )
    for elsewhere in ("derivatives/other", "sourcedata", "sub-01/ses-1/func", ".git"):
        file = study / elsewhere / "sub-01/anat/sub-01_T1w.nii.gz"
        file.parent.mkdir(parents=True)
        file.touch()
    return study


def names(study: Path, **choice: Any) -> set[str]:
    return {image.file.name for image in find_images(study, **choice)}


def test_images_with_their_entities(study: Path) -> None:
    images = find_images(study)
    assert [image.file.name for image in images] == [
        *sorted(SESSIONS[:3]),
        "sub-02_ses-2_part-mag_T1w.nii.gz",
        SESSIONS[3],
    ]
    first = next(image for image in images if image.file.name == SESSIONS[0])
    assert first.source == f"sub-01/ses-1/anat/{SESSIONS[0]}"
    assert first.file == study / first.source
    assert first.entities == {"subject": "01", "session": "1", "acquisition": "mprage", "run": "01"}
    assert first.stem == "sub-01_ses-1_acq-mprage_run-01"


@pytest.mark.parametrize(
    ("filters", "chosen"),
    [
        ({"acquisition": "mprage"}, SESSIONS[:2]),
        ({"acquisition": ["defaced", "other"]}, SESSIONS[2:3]),
        ({"run": 2}, SESSIONS[1:2]),
        ({"run": "*"}, SESSIONS[:2]),
        ({"run": None, "part": None}, SESSIONS[2:]),
        ({"acquisition": "mprage", "run": [1, None]}, SESSIONS[:1]),
        ({"session": "2", "reconstruction": "norm"}, SESSIONS[3:]),
        ({"extension": ".nii"}, SESSIONS[1:2]),
        ({"suffix": "T2w"}, ["sub-01_ses-1_T2w.nii.gz"]),
        ({"part": "phase"}, ["sub-01_ses-1_part-phase_T1w.nii.gz"]),
    ],
)
def test_filters(study: Path, tmp_path: Path, filters: dict[str, Any], chosen: list[str]) -> None:
    file = tmp_path / "filter.json"
    file.write_text(json.dumps({"t1w": filters, "bold": {"task": "rest"}}))
    assert names(study, filters=read_filters(file)) == set(chosen)


def test_labels_with_and_without_prefix(study: Path) -> None:
    assert names(study, participants=["sub-02", "02"], sessions=["ses-2"], filters={"part": None}) == {SESSIONS[3]}
    assert names(study, participants=["01"], sessions=["1"]) == set(SESSIONS[:3])
    assert participant_labels(study) == ["01", "02"]


def test_label_is_no_beginning_of_another(tmp_path: Path) -> None:
    study = empty_set(tmp_path / "a [b]", "sub-1_T1w.nii.gz", "sub-10_T1w.nii.gz")
    assert names(study, participants=["1"]) == {"sub-1_T1w.nii.gz"}


@pytest.mark.situation("A DataLad data set whose image is not fetched", "a case that fails when it is read")
def test_dead_link_is_an_image(tmp_path: Path) -> None:
    study = empty_set(tmp_path / "study", "sub-1_T1w.nii.gz")
    link = study / "sub-1/anat/sub-1_acq-b_T1w.nii.gz"
    link.symlink_to(tmp_path / "gone")
    assert names(study) == {"sub-1_T1w.nii.gz", link.name}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"participants": ["03"]}, r"study: no participant 03; choose of 01, 02\.$"),
        ({"sessions": ["3"]}, r"study: no T1w images in session 3; choose of 1, 2\.$"),
        ({"participants": ["02"], "sessions": ["1"]}, r"study: no T1w images of 02 in session 1; choose of 2\.$"),
        ({"filters": {"acquisitions": "x"}}, r"no entity 'acquisitions'; did you mean 'acquisition'\?$"),
        ({"filters": {"foo": "x"}}, r"no entity 'foo'; take a long name, such as acquisition or run\.$"),
        ({"filters": {"run": 9}}, r"study: no T1w images with the filter \{'run': 9\}; give another filter\.$"),
    ],
)
def test_choice_of_nothing(study: Path, choice: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_images(study, **choice)


def test_two_images_whose_results_have_one_name(tmp_path: Path) -> None:
    study = empty_set(tmp_path / "study", "sub-1_T1w.nii.gz", "sub-1_UNIT1.nii.gz")
    assert names(study) == {"sub-1_T1w.nii.gz"}
    with pytest.raises(InputError, match=r"UNIT1\.nii\.gz: its results would replace those of sub-1/.*_T1w"):
        find_images(study, filters={"suffix": ["T1w", "UNIT1"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{t1w: 1}", r"filter\.json: no JSON \(.*\); correct it\.$"),
        ("[1]", r"filter\.json: holds no JSON object; "),
        ('{"T1w": {"run": 1}}', r'filter\.json: its filters are T1w; write \{"t1w": \{"acquisition": "mprage"\}\}\.$'),
        ('{"t1w": {"run": {"a": 1}}}', r"filter\.json: the filter 'run' is \{'a': 1\}; write a word, "),
    ],
)
@pytest.mark.situation("A BIDS filter file that is no JSON or has no t1w", "refused in one line")
def test_bad_filter_file(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "filter.json"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_filters(file)


def test_folders_that_are_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no BIDS data set, it has no dataset_description\.json; give the folder of"):
        find_images(tmp_path)
    describe(tmp_path)
    with pytest.raises(InputError, match=r"no participants, it has no folder sub-\.\.\.; "):
        find_images(tmp_path)
    (tmp_path / "sub-1/func").mkdir(parents=True)
    with pytest.raises(InputError, match=r"no T1w images; check that sub-\*/anat holds \*_T1w\.nii\.gz\.$"):
        find_images(tmp_path)
    (tmp_path / "dataset_description.json").write_text("{")
    with pytest.raises(InputError, match=r"dataset_description\.json: no JSON \("):
        find_images(tmp_path)
