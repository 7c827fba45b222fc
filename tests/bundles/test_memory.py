"""What a scan asks for in memory, by the benchmark that prints it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "inference_memory.py"
TINY = {"network_def#features": 2, "num_slices": 1}
#: sizes of the scan in float32: four as for large scans, and half a size (32 of 64 MiB) for what does not grow with the
#: scan: fonts and figures of the overlay, the network and its slices, highdicom's headers
AT_MOST = 4.5


def multiple(*words: object) -> float:
    """Peak above the imports, as a multiple of the size of the scan in float32."""
    command = [sys.executable, str(BENCHMARK), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout.splitlines()[-1].rpartition(" ")[2])


@pytest.mark.parametrize(("content", "kind"), [("torso", "dicom"), ("brain", "scaled")])
def test_small_scan_and_tiny_network(content, kind, ct_bundle, brain_bundle, tmp_path) -> None:
    parser = ConfigParser()
    parser.read_config(str((ct_bundle if content == "torso" else brain_bundle) / "configs" / "inference.json"))
    parser.update(TINY)
    torch.save(parser.get_parsed_content("network_def").state_dict(), tmp_path / "tiny.pt")
    options = json.dumps({**TINY, "ckpt_path": str(tmp_path / "tiny.pt")})
    assert multiple(content, "--kind", kind, "--shape", 256, 256, 256, "--options", options) < AT_MOST


@pytest.mark.long
@pytest.mark.parametrize("kind", ["nifti", "dicom"])
@pytest.mark.situation(
    "A CT of 600 slices of 512 x 512 voxels", "segmented in at most 4 times its size in float32, 2.4 GiB"
)
def test_long_ct(kind) -> None:
    assert multiple("torso", "--kind", kind, "--shape", 512, 512, 600) < 4


@pytest.mark.long
@pytest.mark.situation(
    "A head of 400 slices of 512 x 512 voxels", "segmented in at most 4 times its size in float32, 1.6 GiB"
)
def test_large_head() -> None:
    assert multiple("head", "--shape", 512, 512, 400) < 4
