"""Several processes of ``monai-scse bids`` on one data set of small phantoms."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from support.bids_sets import phantom_set, run_bids, tiny_network

pytestmark = pytest.mark.long  # each process imports PyTorch


def test_jobs_of_an_array_share_the_folder(tmp_path: Path) -> None:
    data = phantom_set(tmp_path / "study", *(f"sub-{label}_T1w.nii.gz" for label in "1234"))
    damaged = data / "sub-4/anat/sub-4_T1w.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:900])
    words = [sys.executable, "-c", "from monai_scse.cli import main; main()", "bids", data, tmp_path / "out"]
    tiny = tiny_network(tmp_path)
    jobs = [
        subprocess.Popen(
            [*words, "participant", "--participant-label", *labels, *tiny],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for labels in ("12", "34")
    ]
    assert [job.wait(timeout=300) for job in jobs] == [0, 1]
    done = run_bids(data, tmp_path / "out", "group")
    assert set(pd.read_csv(tmp_path / "out/group_volumes.tsv", sep="\t")["participant_id"]) == {
        "sub-1",
        "sub-2",
        "sub-3",
    }
    assert "No results: sub-4/anat/sub-4_T1w.nii.gz" in done.stderr
    assert list((tmp_path / "out").glob(".work-*")) == []


@pytest.mark.situation("A job of a cluster reaches its time limit (SIGTERM)", "it ends, and leaves no unfinished files")
def test_ended_job_leaves_nothing(tmp_path: Path) -> None:
    data = phantom_set(tmp_path / "study", *(f"sub-{label}_T1w.nii.gz" for label in range(20)))
    words = [sys.executable, "-c", "from monai_scse.cli import main; main()", "bids", data, tmp_path / "out"]
    out, silent = tmp_path / "out", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*words, "participant", *tiny_network(tmp_path)], **silent) as job:
        while job.poll() is None and not list(out.glob(".work-*/*")):
            time.sleep(0.02)
        job.terminate()
        assert job.wait(timeout=100) == 128 + signal.SIGTERM
    assert [file for file in out.rglob(".*") if file.name != ".bidsignore"] == []


def test_processes_on_this_machine(tmp_path: Path) -> None:
    data = phantom_set(tmp_path / "study", *(f"sub-{label}_T1w.nii.gz" for label in "123"))
    damaged = data / "sub-2/anat/sub-2_T1w.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:900])
    words = [sys.executable, "-c", "from monai_scse.cli import main; main()", "bids", data, "out", "participant"]
    done = subprocess.run(
        [*words, "--jobs", "2", *tiny_network(tmp_path)], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "out/sub-1/anat/sub-1_desc-scse_dseg.tsv").is_file()
    assert (tmp_path / "out/sub-3/figures/sub-3_desc-scse_dseg.png").is_file()
    with (tmp_path / "out/logs/failures.csv").open(newline="") as file:
        assert [row["case"] for row in csv.DictReader(file)] == ["sub-2_T1w"]
    assert list((tmp_path / "out").glob(".work-*")) == []
