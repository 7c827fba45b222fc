"""Runs that are killed, and runs that share a folder: no file is half, nothing is missing in the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import pandas as pd
import pytest
from PIL import Image
from support.small_cases import save_small_cases, save_tiny_weights

pytestmark = pytest.mark.long

BUNDLE = Path(__file__).parents[2] / "bundles/wholebody_ct_scse_segmentation"
CASES = 4


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """Segmentation of four small scans by a tiny network."""
    save_small_cases(BUNDLE.name, tmp_path / "scans", range(CASES))
    options = {
        "config_file": BUNDLE / "configs/inference.json",
        "bundle_root": BUNDLE,
        "dataset_dir": tmp_path / "scans/images",
        "output_dir": tmp_path / "out",
        "ckpt_path": save_tiny_weights(BUNDLE, tmp_path / "tiny.pt"),
        "network_def#features": 4,
        "slice_size": [48, 48],
        "spacing": [9, 9, 9],
        "device": "cpu",
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    return [sys.executable, "-m", "monai.bundle", "run", *words]


def check_whole(folder: Path) -> None:
    """Check that each file with a final name can be read to its end."""
    for file in folder.iterdir():
        if file.name.startswith("."):
            continue  # unfinished
        if file.name.endswith(".nii.gz"):
            nibabel.load(file).get_fdata()
        elif file.suffix == ".png":
            Image.open(file).load()
        else:
            assert len(pd.read_csv(file)) >= 10


def check_complete(folder: Path) -> None:
    check_whole(folder)
    for part in ("seg.nii.gz", "volumes.csv", "overlay.png"):
        assert len(list(folder.glob(f"ct_*_{part}"))) == CASES
    assert pd.read_csv(folder / "volumes.csv")["case"].nunique() == CASES
    assert not list(folder.glob("*failure*"))


@pytest.mark.situation("A run killed at any moment (SIGKILL)", "no file under its final name is half written")
def test_killed_again_and_again(command: list[str], tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    for pattern in (".*_seg.nii.gz", "*_seg.nii.gz", ".*_overlay.png", "*_volumes.csv"):  # unfinished and finished
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = set(output.glob(pattern))
        while process.poll() is None and not set(output.glob(pattern)) - seen:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        check_whole(output)
        for file in output.iterdir():
            file.unlink()
    subprocess.run([*command, "--skip_existing", "true"], check=True, capture_output=True)
    check_complete(output)


@pytest.mark.situation(
    "Two processes with the same scans and one folder for results", "both end well, all files are whole"
)
def test_two_processes_with_the_same_scans(command: list[str], tmp_path: Path) -> None:
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    check_complete(tmp_path / "out")
