"""``monai-scse``, as a user types it, on small synthetic CT with a tiny network."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from support.bundle_command import as_a_process
from support.dicom_files import write_dicom_series
from support.small_cases import save_small_cases, save_tiny_weights

from monai_scse.cli import main
from monai_scse.runtime import bundle_folder


def run(*words: object) -> Result:
    with as_a_process([], Path.cwd(), io.StringIO(), io.StringIO()):
        return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def scans(tmp_path: Path) -> list[Path]:
    save_small_cases(bundle_folder("body").name, tmp_path, range(2))
    return sorted((tmp_path / "images").iterdir())


@pytest.fixture
def tiny(tmp_path: Path) -> list[str]:
    """Options for a tiny network with random weights."""
    settings = {
        "network_def#features": 4,
        "ckpt_path": save_tiny_weights(bundle_folder("body"), tmp_path / "tiny.pt"),
        "spacing": [9, 9, 9],
        "slice_size": [48, 48],
    }
    return [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def test_scans_become_segmentations_and_a_table(scans: list[Path], tiny: list[str], tmp_path: Path) -> None:
    done = run("segment", "body", *scans, "-o", tmp_path / "out", "--device", "cpu", *tiny)
    assert done.exit_code == 0, done.output
    head, *rows, results, report = done.stdout.strip().splitlines()
    assert head.split() == ["case", "seconds", "structures", "flags"]
    assert [row.split()[0] for row in rows] == [f"ct_000{index}" for index in range(2)]
    assert results == f"Results: {tmp_path / 'out'}"
    assert report == f"Report: {tmp_path / 'out/report.html'}"
    assert len(list((tmp_path / "out").glob("*_report.html"))) == 2
    assert len(list((tmp_path / "out").glob("*_seg.nii.gz"))) == 2


def test_one_scan_ends_with_its_own_report(scans: list[Path], tiny: list[str], tmp_path: Path) -> None:
    done = run("segment", "body", scans[0], "-o", tmp_path / "out", "--device", "cpu", *tiny)
    assert done.stdout.splitlines()[-1] == f"Report: {tmp_path / 'out/ct_0000_report.html'}"
    assert (tmp_path / "out/ct_0000_report.html").is_file()


def test_no_report_where_none_is_wanted(scans: list[Path], tiny: list[str], tmp_path: Path) -> None:
    done = run("segment", "body", scans[0], "-o", tmp_path / "out", "--device", "cpu", "--no-report", *tiny)
    assert done.stdout.splitlines()[-1] == f"Results: {tmp_path / 'out'}"
    assert not list((tmp_path / "out").glob("*.html"))


def test_report_of_an_earlier_run_is_not_shown(scans: list[Path], tiny: list[str], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/report.html").write_text("earlier")
    done = run("segment", "body", scans[0], "-o", tmp_path / "out", "--device", "cpu", "--no-report", *tiny)
    assert "report.html" not in done.stdout


def test_summary_for_scripts(scans: list[Path], tiny: list[str], tmp_path: Path) -> None:
    scans[0].write_bytes(scans[0].read_bytes()[:900])
    done = run("segment", "body", scans[0].parent, "-o", tmp_path / "out", "--device", "cpu", "--json", *tiny)
    assert done.exit_code == 1
    summary = json.loads(done.stdout)
    (case,) = summary["cases"]
    volumes = pd.read_csv(tmp_path / "out/ct_0001_volumes.csv")
    assert case["case"] == "ct_0001"
    assert (case["structures"], case["of"]) == ((volumes["voxels"] > 0).sum(), 10)
    assert case["flags"] == volumes.dropna(subset="qc").set_index("structure")["qc"].to_dict()
    (failure,) = summary["failures"]
    assert failure["case"] == "ct_0000"
    assert list(failure) == ["case", "file", "reason", "cure"]


def test_dry_run_is_the_bundle_command(scans: list[Path], tmp_path: Path) -> None:
    done = run(
        "segment", "brain", *scans, "-o", "out", "--views", "--skip-existing", "--dry-run", "--set", "mirror_every=0"
    )
    words = shlex.split(done.output)
    folder = bundle_folder("brain")
    assert words[:4] == ["python", "-m", "monai.bundle", "run"]
    assert dict(zip(words[4::2], words[5::2])) == {
        "--config_file": str([f"{folder}/configs/inference.json", f"{folder}/configs/view_aggregation.yaml"]),
        "--bundle_root": str(folder),
        "--dataset_dir": str([str(scan) for scan in scans]),
        "--output_dir": "out",
        "--report": "True",
        "--skip_existing": "True",
        "--mirror_every": "0",
    }


def test_contrast_is_a_further_config_and_an_entry(scans: list[Path]) -> None:
    folder = bundle_folder("brain")
    for contrast, entries in (("any", ["--contrast", "any"]), ("auto", ["--contrast", "auto"]), ("t1", [])):
        done = run("segment", "brain", scans[0], "-o", "out", "--contrast", contrast, "--tta", "--dry-run")
        words = shlex.split(done.output)
        assert (f"{folder}/configs/any_contrast_inference.yaml" in words[5]) == bool(entries)
        assert words[-2:] == (entries or ["--report", "True"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["segment", "brian", "{scan}", "-o", "out"], "'brian' is not one of 'brain', 'body'"),
        (["segment", "body", "{scan}"], "Missing option '-o'"),
        (["segment", "body", "{scan}", "-o", "out", "--dicom-sge"], "Did you mean"),
        (["segment", "body", "{scan}", "-o", "out", "--views"], "--views works with brain only"),
        (["segment", "body", "{scan}", "-o", "out", "--contrast", "any"], "--contrast works with brain only"),
        (["segment", "brain", "{scan}", "-o", "out", "--contrast", "atuo"], "did you mean auto?"),
        (
            ["segment", "brain", "{scan}", "-o", "out", "--contrast", "any", "--views"],
            "--views works with --contrast t1",
        ),
        (["segment", "body", "nowhere.nii", "-o", "out"], "'nowhere.nii' does not exist"),
        (["segment", "body", "{scan}", "-o", "out", "--set", "hu_offset"], "'hu_offset' is not name=value"),
        (["segment", "body", "{scan}", "-o", "out", "--series", "4"], "--series needs one folder"),
        (["segment", "body", "{scan}", "-o", "out", "--set", "output_dir=there"], "output_dir is what another option"),
        (["segment", "body", "{scan}", "-o", "out", "--set", "report=false"], "report is what another option"),
        (["segmnt"], "Did you mean 'segment'"),
        (["train", "body", "."], "Missing option '-o'"),
    ],
)
def test_wrong_words_end_with_status_2(scans: list[Path], words: list[str], message: str) -> None:
    done = run(*(word.replace("{scan}", str(scans[0])) for word in words))
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "hu_ofset=3"], "--hu_ofset: no part of the config uses this option; did you mean --hu_offset?"),
        (["--config", "tta.yaml"], "tta.yaml: no such config file; see "),
        (["--config", "{scan}"], "ct_0000.nii.gz: no config (unknown file input"),
        (["--set", "network_def=unet"], "--set network_def=unet: the config has no use for it (AttributeError: 'str'"),
        (["--list-series"], "ct_0000.nii.gz: no DICOM series found; give the folder of an export."),
        (["--device", "gpu"], "device gpu: not a device of PyTorch; use cpu, cuda or mps."),
        (["--set", "ckpt_path=gone.pt"], "gone.pt: no such file"),
    ],
)
def test_bad_input_is_one_line(scans: list[Path], tmp_path: Path, words: list[str], message: str) -> None:
    words = [word.replace("{scan}", str(scans[0])) for word in words]
    done = run("segment", "body", scans[0], "-o", tmp_path / "out", *words)
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert message in done.stderr.splitlines()[-1]


@pytest.mark.situation(
    "A name that MONAI reads as a reference or a number, such as @eaDir or 1e3", "it is a path, as all others are"
)
@pytest.mark.parametrize("name", ["@eaDir", "$scans", "%a", "1e3", "007", "a,b", "[1]"])
def test_names_that_mean_something_else_in_a_config(
    scans: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(scans[0].parent.rename(tmp_path / name).parent)
    done = run("segment", "body", name, "-o", f"{name}/out", "--device", "cpu", "--set", "ckpt_path=gone.pt")
    assert done.stderr.splitlines()[-1].startswith("error: gone.pt: no such file")  # the last that is checked
    assert run("segment", "body", name, "-o", name, "--set", "hu_ofset=3").stderr.startswith("error: --hu_ofset")


def test_series_of_a_folder(tmp_path: Path) -> None:
    for number in (3, 4):
        write_dicom_series(tmp_path / "export", np.zeros((8, 8, 12)), (1, 1, 2), uid=f"1.2.{number}", number=number)
    listed = run("segment", "body", tmp_path / "export", "--list-series")
    assert listed.exit_code == 0
    assert [line.split("\t")[1:3] for line in listed.stdout.splitlines()] == [["CT", "12 slices"]] * 2
    as_json = json.loads(run("segment", "body", tmp_path / "export", "--list-series", "--json").stdout)
    assert [(row["series_uid"], row["number"], row["slices"]) for row in as_json] == [
        ("1.2.3", "3", 12),
        ("1.2.4", "4", 12),
    ]
    chosen = run("segment", "body", tmp_path / "export", "-o", "out", "--series", "4", "--dry-run")
    assert "export_4" in chosen.stdout
    wrong = run("segment", "body", tmp_path / "export", "-o", "out", "--series", "5", "--dry-run")
    assert wrong.exit_code == 1
    assert "export: 0 series are named 5; choose one of: " in wrong.stderr
