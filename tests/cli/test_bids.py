"""``monai-scse bids``, as a user types it, on small phantoms with a tiny network."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from support.bids_sets import empty_set, phantom_set, run_bids, tiny_network

NAMES = (
    "sub-01_ses-1_acq-mprage_run-1_T1w.nii.gz",
    "sub-01_ses-1_acq-mprage_run-2_T1w.nii",
    "sub-02_ses-2_T1w.nii.gz",
)
STEMS = [f"{name.partition('_T1w')[0]}_desc-scse" for name in NAMES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two participants, segmented, one image of a third is cut short."""
    folder = tmp_path_factory.mktemp("bids")
    data = phantom_set(folder / "study", *NAMES, "sub-03_ses-1_T1w.nii.gz")
    (damaged,) = data.glob("sub-03/**/*.nii.gz")
    damaged.write_bytes(damaged.read_bytes()[:900])
    done = run_bids(data, folder / "out", "participant", "--json", *tiny_network(folder))
    assert done.exit_code == 1, done.output
    (folder / "summary.json").write_text(done.stdout)
    return folder


def table(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, sep="\t", keep_default_na=False, na_values="n/a")


def test_each_image_has_its_derivatives(folder: Path) -> None:
    for name, stem in zip(NAMES, STEMS):
        (source,) = (folder / "study").rglob(name)
        beside = folder / "out" / source.parent.relative_to(folder / "study")
        assert sorted(file.name for file in beside.glob(f"{stem}*")) == [
            f"{stem}_dseg.json",
            f"{stem}_dseg.nii.gz",
            f"{stem}_dseg.tsv",
        ]
        segmentation, scan = nibabel.load(beside / f"{stem}_dseg.nii.gz"), nibabel.load(source)
        np.testing.assert_array_equal(segmentation.affine, scan.affine)
        rows = table(beside / f"{stem}_dseg.tsv").set_index("index")
        voxels = np.bincount(np.asarray(segmentation.dataobj).ravel(), minlength=28)
        assert rows["voxels"].to_dict() == dict(enumerate(voxels[1:], start=1))
        assert (folder / f"out/{name[:6]}/figures/{stem}_dseg.png").stat().st_size > 1000


def test_nothing_is_left_of_the_work(folder: Path) -> None:
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        ".bidsignore",
        "README.md",
        "dataset_description.json",
        "logs",
        "sub-01",
        "sub-02",
    ]


@pytest.mark.situation("A BIDS data set with a T1w image that is cut short", "the others are segmented, exit status 1")
def test_bad_image_costs_itself(folder: Path) -> None:
    with (folder / "out/logs/failures.csv").open(newline="") as file:
        (failure,) = csv.DictReader(file)
    assert failure["case"] == "sub-03_ses-1_T1w"
    assert "cut short" in failure["reason"]
    summary = json.loads((folder / "summary.json").read_text())
    assert [case["case"] for case in summary["cases"]] == [name.partition(".")[0] for name in NAMES]
    assert all(Path(case["segmentation"]).is_file() for case in summary["cases"])
    assert [failure["case"] for failure in summary["failures"]] == ["sub-03_ses-1_T1w"]


def validate(results: Path) -> tuple[int, list[dict[str, str]]]:
    """Exit status and issues of the validator of BIDS."""
    command = [sys.executable, "-c", "from bids_validator_deno import cli; cli()", str(results), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    return done.returncode, json.loads(done.stdout)["issues"]["issues"]


def test_validator_of_bids_accepts_the_folder(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("bids_validator_deno", reason="bids-validator-deno is not installed")
    results = shutil.copytree(folder / "out", tmp_path / "out")
    grouped = run_bids(folder / "study", results, "group")
    assert grouped.exit_code == 0, grouped.output
    status, issues = validate(results)
    assert status == 0
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert {issue["code"] for issue in issues} <= {"TOO_FEW_AUTHORS"}  # a program knows none
    (results / "sub-01/ses-1/anat" / f"{STEMS[0]}_dseg.tsv").write_text("number\tname\n1\tleft cerebral cortex\n")
    status, issues = validate(results)
    assert status != 0  # it does look inside
    assert "TSV_COLUMN_MISSING" in {issue["code"] for issue in issues}


def test_pybids_finds_the_derivatives(folder: Path) -> None:
    from bids.layout import BIDSLayout

    layout = BIDSLayout(folder / "study", derivatives=folder / "out", validate=False)
    found = layout.get(scope="derivatives", suffix="dseg", extension=".nii.gz", desc="scse")
    assert len(found) == 3
    run = layout.get(scope="derivatives", suffix="dseg", extension=".nii.gz", subject="01", run=2)[0]
    assert run.get_entities()["acquisition"] == "mprage"
    assert run.get_metadata()["Sources"] == [f"bids:raw:sub-01/ses-1/anat/{NAMES[1]}"]


def test_group_is_one_table(folder: Path, tmp_path: Path) -> None:
    results = shutil.copytree(folder / "out", tmp_path / "out")
    done = run_bids(folder / "study", results, "group")
    assert done.exit_code == 0, done.output
    rows = table(results / "group_volumes.tsv")
    assert list(rows.columns[:7]) == ["participant_id", "session_id", "acquisition", "run", "index", "name", "color"]
    assert len(rows) == 3 * 27
    own = table(results / f"sub-02/ses-2/anat/{STEMS[2]}_dseg.tsv")
    assert rows.query("participant_id == 'sub-02'")["volume_mm3"].tolist() == own["volume_mm3"].tolist()
    assert rows["run"].dropna().unique().tolist() == [1, 2]
    assert "No results: sub-03/ses-1/anat/sub-03_ses-1_T1w.nii.gz" in done.stderr
    assert f"3 of 4 images are in {results / 'group_volumes.tsv'}" in done.stdout


def test_group_page_leads_to_the_page_of_each_image(folder: Path, tmp_path: Path) -> None:
    results = shutil.copytree(folder / "out", tmp_path / "out")
    done = run_bids(folder / "study", results, "group")
    assert done.stdout.splitlines()[-1] == f"Report: {results / 'group_report.html'}"
    page = (results / "group_report.html").read_text(encoding="utf-8")
    links = re.findall(r'href="\./(sub-[^"]+)"', page)
    assert set(links) == {f"{stem[:6]}/figures/{stem}_report.html" for stem in STEMS}
    assert all((results / link).is_file() for link in links)
    assert "sub-03_ses-1" in page
    assert "cut short" in page
    (results / "group_report.html").unlink()
    assert run_bids(folder / "study", results, "group", "--no-report").exit_code == 0
    assert not (results / "group_report.html").exists()


def test_group_for_scripts(folder: Path, tmp_path: Path) -> None:
    results = shutil.copytree(folder / "out", tmp_path / "out")
    summary = json.loads(run_bids(folder / "study", results, "group", "--json").stdout)
    assert summary == {
        "table": str(results / "group_volumes.tsv"),
        "images": 3,
        "missing": ["sub-03/ses-1/anat/sub-03_ses-1_T1w.nii.gz"],
        "report": str(results / "group_report.html"),
    }


def test_what_an_earlier_run_made_of_an_image_goes(folder: Path, tmp_path: Path) -> None:
    results = shutil.copytree(folder / "out", tmp_path / "out")
    (results / f"sub-02/ses-2/anat/{STEMS[2]}_aseg.stats").write_text("# earlier")
    words = (folder / "study", results, "participant", "--participant-label", "02", *tiny_network(tmp_path))
    done = run_bids(*words, "--no-report")
    assert done.exit_code == 0, done.output
    assert not list(results.rglob(f"{STEMS[2]}_aseg.stats"))
    assert not list(results.rglob(f"{STEMS[2]}_report.html"))


def test_skip_existing_segments_what_is_missing(folder: Path, tmp_path: Path) -> None:
    results = shutil.copytree(folder / "out", tmp_path / "out")
    (results / f"sub-02/ses-2/anat/{STEMS[2]}_dseg.tsv").unlink()
    kept = results / f"sub-01/ses-1/anat/{STEMS[0]}_dseg.nii.gz"
    before = kept.stat().st_mtime_ns
    words = (folder / "study", results, "participant", "--participant-label", "sub-01", "02", *tiny_network(tmp_path))
    done = run_bids(*words, "--skip-existing")
    assert done.exit_code == 0, done.output
    assert "2 of 3 images are complete in" in done.stderr
    assert (results / f"sub-02/ses-2/anat/{STEMS[2]}_dseg.tsv").is_file()
    assert kept.stat().st_mtime_ns == before
    again = run_bids(*words, "--skip-existing", "--json")
    assert again.exit_code == 0, again.output
    assert "3 of 3 images are complete in" in again.stderr
    assert json.loads(again.stdout)["cases"] == []
    next(results.rglob(f"{STEMS[0]}_report.html")).unlink()
    planned = run_bids(*words, "--skip-existing", "--dry-run")
    assert "2 of 3 images are complete in" in planned.stderr
    assert dataset_dir(planned.stdout).endswith(NAMES[0])


def test_numbers_of_freesurfer(folder: Path, tmp_path: Path) -> None:
    results = shutil.copytree(folder / "out", tmp_path / "out")
    words = (folder / "study", results, "participant", "--participant-label", "02", *tiny_network(tmp_path))
    done = run_bids(*words, "--skip-existing", "--labels", "freesurfer")  # there are results with other numbers
    assert done.exit_code == 0, done.output
    assert "0 of 1 images are complete" in done.stderr
    anat = results / "sub-02/ses-2/anat"
    rows = table(anat / f"{STEMS[2]}_dseg.tsv").set_index("name")
    assert (rows.loc["left cerebral cortex", "index"], rows.loc["brainstem", "index"]) == (3, 16)
    present = np.unique(np.asarray(nibabel.load(anat / f"{STEMS[2]}_dseg.nii.gz").dataobj))
    assert set(present) - {0} == set(rows.loc[rows["voxels"] > 0, "index"])
    assert (anat / f"{STEMS[2]}_aseg.stats").read_text().startswith("#")
    again = run_bids(*words, "--skip-existing", "--labels", "freesurfer")
    assert "1 of 1 images are complete" in again.stderr


def test_set_without_sessions(tmp_path: Path) -> None:
    data = phantom_set(tmp_path / "study", "sub-A_T1w.nii.gz")
    done = run_bids(data, tmp_path / "study/derivatives/scse", "participant", *tiny_network(tmp_path))
    assert done.exit_code == 0, done.output
    results = tmp_path / "study/derivatives/scse"
    assert (results / "sub-A/anat/sub-A_desc-scse_dseg.nii.gz").is_file()
    page = results / "sub-A/figures/sub-A_desc-scse_report.html"
    assert done.stdout.splitlines()[-2:] == [f"Results: {results}", f"Report: {page}"]
    assert page.is_file()


def dataset_dir(stdout: str) -> str:
    words = shlex.split(stdout)
    assert words[:4] == ["python", "-m", "monai.bundle", "run"]
    return dict(zip(words[4::2], words[5::2]))["--dataset_dir"]


@pytest.mark.parametrize(
    ("words", "subjects"),
    [
        (["{data}", "out", "participant"], "123"),
        (["{data}", "out", "participant", "--contrast", "auto"], "123"),
        (["{data}", "out", "participant", "--participant-label", "1", "sub-2"], "12"),
        (["{data}", "out", "participant", "--participant_label", "1", "2", "--session-label", "ses-b"], "2"),
        (["{data}", "out", "participant", "--participant-label=1", "3", "--device", "cpu"], "13"),
        (["{data}", "out", "participant", "--participant-label", "1", "--participant-label", "3"], "13"),
        (["--participant-label", "2", "{data}", "out", "participant"], "2"),
        (["{data}", "--session-label", "b", "out", "participant"], "2"),
        (["{data}", "out", "participant", "--bids-filter-file", "{filter}"], "3"),
    ],
)
def test_labels_choose_images(tmp_path: Path, words: list[str], subjects: str) -> None:
    names = ("sub-1_ses-a_T1w.nii.gz", "sub-2_ses-b_T1w.nii.gz", "sub-3_ses-a_acq-x_T1w.nii.gz")
    data = empty_set(tmp_path / "study", *names)
    chosen = tmp_path / "filter.json"
    chosen.write_text('{"t1w": {"acquisition": "x"}, "bold": {"task": "rest"}}')
    done = run_bids(*(word.format(data=data, filter=chosen) for word in words), "--dry-run")
    assert done.exit_code == 0, done.output
    files = [str(next(data.rglob(names[int(subject) - 1]))) for subject in subjects]
    assert dataset_dir(done.stdout) == (files[0] if len(files) == 1 else str(files))


def test_named_participant_without_an_image_is_a_failure(tmp_path: Path) -> None:
    data = phantom_set(tmp_path / "study", "sub-1_T1w.nii.gz")
    (data / "sub-2/func").mkdir(parents=True)
    words = (data, tmp_path / "out", "participant", *tiny_network(tmp_path))
    done = run_bids(*words)
    assert done.exit_code == 0, done.output
    assert "No T1w images: sub-2" in done.stderr
    named = run_bids(*words, "--skip-existing", "--participant-label", "1", "2")
    assert named.exit_code == 1


@pytest.mark.situation("A folder that is no BIDS data set, or an empty one", "refused in one line that says why")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{tmp}", "out", "participant"], "no BIDS data set, it has no dataset_description.json; give {data}."),
        (["{empty}", "out", "participant"], "no participants, it has no folder sub-...;"),
        (["{data}", "out", "participant", "--participant-label", "9"], "no participant 9; choose of 1, 2."),
        (["{data}", "out", "participant", "--session-label", "c"], "no T1w images in session c; choose of a, b."),
        (["{data}", "out", "participant", "--bids-filter-file", "{text}"], "notes.txt: no JSON (Expecting value"),
        (["{data}", "out", "participant", "--set", "mirror_evry=0"], "did you mean --mirror_every?"),
        (["{data}", "{data}", "participant"], "the data set itself; choose another folder for the results."),
        (["{data}", "{data}/sub-1/out", "participant"], "in the folder of a participant; choose another folder"),
        (["{data}", "out", "group"], "has no results of the 2 T1w images; run the level participant first."),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str) -> None:
    monkeypatch.chdir(tmp_path)
    data = empty_set(tmp_path / "study", "sub-1_ses-a_T1w.nii.gz", "sub-2_ses-b_T1w.nii.gz")
    (tmp_path / "notes.txt").write_text("mprage")
    places = {
        "tmp": tmp_path,
        "data": data,
        "empty": empty_set(tmp_path / "z_empty"),
        "text": tmp_path / "notes.txt",
    }
    done = run_bids(*(word.format(**places) for word in words))
    assert done.exit_code == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert message.format(**places) in last


def test_wrong_words_end_with_status_2(tmp_path: Path) -> None:
    done = run_bids(tmp_path, "out", "people")
    assert done.exit_code == 2
    assert "'people' is not one of 'participant', 'group'" in done.stderr
