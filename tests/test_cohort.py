"""Cohorts in several processes: small phantoms, a tiny network, a worker that dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import nibabel
import pandas as pd
import pytest
from click.testing import CliRunner
from support.small_cases import SMALL, save_small_cases, save_tiny_weights

from monai_scse.cli import main
from monai_scse.cohort import local_workers, scheduler_workers, segment_cases
from monai_scse.data import image_cases
from monai_scse.runtime import BUNDLES, BundleRun, InputError, bundle_folder

pytestmark = pytest.mark.long  # each worker imports PyTorch


def _small_run(folder: Path) -> BundleRun:
    entries = {name: value for name, value in SMALL[BUNDLES["brain"]].items() if name != "label_numbers"}
    weights = save_tiny_weights(bundle_folder("brain"), folder / "tiny.pt")
    entries |= {"network_def#features": 4, "ckpt_path": str(weights), "device": "cpu"}
    return BundleRun("brain", ["inference.json"], {**entries, "output_dir": str(folder / "out")})


def _settings(run: BundleRun) -> list[str]:
    return [
        word for name, value in run.entries.items() if name != "output_dir" for word in ("--set", f"{name}={value}")
    ]


def test_jobs_share_the_cores_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)  # of the node
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # counts where a user has set it
    monkeypatch.setattr("dask.system.CPU_COUNT", 6)
    with local_workers(2) as client:
        assert set(client.run(os.getenv, "OMP_NUM_THREADS").values()) == {"3"}


@pytest.mark.situation("A worker of a cohort is killed", "another one segments its scan, the tables are complete")
def test_killed_worker_costs_nothing(tmp_path: Path) -> None:
    save_small_cases(BUNDLES["brain"], tmp_path, range(12))
    run, killed, done = _small_run(tmp_path), 0, []
    with local_workers(2) as client:
        for result in segment_cases(client, run, image_cases(tmp_path / "images")):
            assert not result.failures
            done.append(result.case)
            if len(done) == 2:
                killed = next(iter(client.run(os.getpid).values()))
                os.kill(killed, signal.SIGKILL)
        assert killed
        assert killed not in client.run(os.getpid).values()
    cases = sorted(f"case{seed}" for seed in range(12))
    assert sorted(done) == cases
    assert sorted(pd.read_csv(tmp_path / "out/volumes.csv")["case"].unique()) == cases
    for case in cases:
        assert nibabel.load(tmp_path / f"out/{case}_seg.nii.gz").get_fdata().any()
    assert not (tmp_path / "out/failures.csv").exists()


def test_results_are_those_of_one_process_and_bad_scans_cost_themselves(tmp_path: Path) -> None:
    save_small_cases(BUNDLES["brain"], tmp_path, range(3))
    scans = tmp_path / "images"
    (scans / "case1.nii.gz").write_bytes((scans / "case1.nii.gz").read_bytes()[:900])
    settings = _settings(_small_run(tmp_path))
    for folder, jobs in (("one", "1"), ("two", "2")):
        words = ["segment", "brain", str(scans), "-o", str(tmp_path / folder), "--jobs", jobs, *settings]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 1
        assert "case1" in pd.read_csv(tmp_path / folder / "failures.csv")["case"].tolist()
    for name in ("volumes.csv", "failures.csv", "case0_seg.nii.gz", "case2_seg.nii.gz"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    again = CliRunner().invoke(main, [*words, "--skip-existing"])
    assert [line.split()[0] for line in again.stdout.splitlines()[1:-2]] == ["case1"]


def test_workers_write_reports_with_the_command_of_the_run(tmp_path: Path) -> None:
    save_small_cases(BUNDLES["brain"], tmp_path, range(2))
    words = ["segment", "brain", str(tmp_path / "images"), "-o", str(tmp_path / "out"), "--jobs", "2"]
    done = CliRunner().invoke(main, [*words, *_settings(_small_run(tmp_path))])
    assert done.stdout.splitlines()[-1] == f"Report: {tmp_path / 'out/report.html'}"
    for case in ("case0", "case1"):
        page = (tmp_path / f"out/{case}_report.html").read_text(encoding="utf-8")
        assert "python -m monai.bundle run --config_file inference.json --bundle_root … --dataset_dir … " in page
        assert str(tmp_path) not in page
        assert f'href="./{case}_report.html"' in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_scheduler_that_does_not_answer() -> None:
    message = "tcp://127.0.0.1:9: no Dask scheduler answers in 10 s; start one with `dask scheduler`, or use --jobs."
    with pytest.raises(InputError) as error, scheduler_workers("tcp://127.0.0.1:9"):
        pass
    assert str(error.value) == message


def test_scheduler_of_a_cluster(tmp_path: Path) -> None:
    save_small_cases(BUNDLES["brain"], tmp_path, range(2))
    run = _small_run(tmp_path)
    with local_workers(1) as client:
        words = ["segment", "brain", str(tmp_path / "images"), "-o", str(tmp_path / "out"), *_settings(run)]
        done = CliRunner().invoke(main, [*words, "--dask", client.scheduler.address, "--json"])
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "out").glob("*_seg.nii.gz"))) == 2
