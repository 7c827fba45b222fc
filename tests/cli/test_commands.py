"""What is installed, and whether it works here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from monai_scse.cli import commands, main
from monai_scse.runtime import InputError, bundle_folder


@pytest.mark.parametrize("task", ["brain", "body"])
def test_folder_of_a_bundle(task: str) -> None:
    done = CliRunner().invoke(main, ["bundle", task])
    assert (Path(done.output.strip()) / "models/model.pt").is_file()
    with pytest.raises(InputError, match=r"task must be one of brain, body, got 'hand'"):
        bundle_folder("hand")


def test_info_names_versions_weights_and_licences() -> None:
    done = CliRunner().invoke(main, ["info"])
    assert done.exit_code == 0
    for words in ("monai-scse 0.", "torch 2.", "model_axial.pt", "sha256", "CC BY-NC 3.0", "Apache-2.0"):
        assert words in done.output


@pytest.mark.situation("A job of a cluster with few of the cores of its node", "doctor counts the cores of the job")
def test_doctor_counts_the_cores_of_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr("dask.system.CPU_COUNT", 4)
    assert commands._check_threads() == "threads: 4 of 4 cores"
    monkeypatch.setattr("dask.system.CPU_COUNT", 64)
    with pytest.raises(InputError, match=r"PyTorch uses 4 of 64 cores; unset OMP_NUM_THREADS"):
        commands._check_threads()


def test_doctor_finds_a_gpu_that_pytorch_cannot_use(monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(main, ["doctor"])
    assert "ok     bundles and weights are whole" in done.output
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(commands.shutil, "which", lambda _: "/bin/true")
    monkeypatch.setattr(commands.subprocess, "run", lambda *_, **__: type("Done", (), {"returncode": 0}))
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1
    assert "wrong  GPU: there is one, PyTorch is built without CUDA; install it from pytorch.org." in done.output
