"""What is checked before the first scan is read: the device, and the folder for results."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from monai_scse.runtime import InputError, check_device, check_options, check_output_dir

_PROGRAM = "/python/site-packages/monai/bundle/__main__.py"


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu"), "meta"])
def test_devices_that_are_there(device: str | torch.device) -> None:
    check_device(device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a CUDA GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", torch.device("cuda", 1)])
@pytest.mark.situation("--device cuda:0 where there is no GPU", "refused in one line before any scan is read")
def test_gpu_that_is_not_there(device: str | torch.device) -> None:
    with pytest.raises(InputError, match=r"device cuda.*: PyTorch .* finds none here; use cpu\."):
        check_device(device)


def test_word_that_is_no_device() -> None:
    with pytest.raises(InputError, match=r"device gpu: not a device of PyTorch; use cpu, cuda or mps\."):
        check_device("gpu")


def test_number_of_a_gpu_beyond_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_device("cuda:1")
    with pytest.raises(InputError, match=r"device cuda:2: this machine has 2, numbered from 0; use cuda:0\."):
        check_device("cuda:2")


def test_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    check_output_dir(tmp_path / "a/b")
    assert os.listdir(tmp_path / "a/b") == []


@pytest.mark.situation("An output folder that is a file", "refused in one line before any scan is read")
def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match=r"out: cannot be written \(File exists\); free some space or choose another"):
        check_output_dir(tmp_path / "out")


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder that root cannot write")
@pytest.mark.situation("An output folder that cannot be written", "refused in one line before any scan is read")
def test_folder_that_takes_no_file() -> None:
    with pytest.raises(InputError, match=r"/proc/scse: cannot be written \(.*\); free some space"):
        check_output_dir("/proc/scse")


@pytest.mark.situation("A full disk", "refused in one line before any scan is read")
def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\); free some space"):
        check_output_dir(tmp_path)


@pytest.mark.parametrize("option", ["dataset_dir", "output_dir", "ckpt_path"])
@pytest.mark.situation("A path with #, which MONAI rewrites to ::", "refused with what to do")
def test_path_with_a_number_sign(tmp_path: Path, option: str) -> None:
    (tmp_path / "first.json").write_text('{"dataset_dir": "", "output_dir": "", "ckpt_path": ""}')
    words = ["run", "--config_file", str(tmp_path / "first.json"), f"--{option}", "/scans/run#1/a"]
    with pytest.raises(InputError, match=r"/scans/run#1.*: MONAI rewrites '#'; rename the file or folder, or link"):
        check_options([_PROGRAM, *words])
