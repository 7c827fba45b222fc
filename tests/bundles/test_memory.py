"""What a scan asks for in memory, by the benchmark that prints it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from ignite.engine import Events
from monai.bundle import ConfigParser
from support.small_cases import save_tiny_weights

from monai_scse.synthetic.ct.torso import synthetic_ct

pytestmark = pytest.mark.long

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "inference_memory.py"
TINY = {"network_def#features": 2, "num_slices": 1}
#: sizes of the scan of 64 MiB in float32: four as for large scans, and one for figures, network and headers, which do
#: not grow with the scan
AT_MOST = 5


def multiple(*words: object) -> float:
    """Peak above the imports, as a multiple of the size of the scan in float32."""
    command = [sys.executable, str(BENCHMARK), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout.splitlines()[-1].rpartition(" ")[2])


@pytest.mark.parametrize(("content", "kind"), [("torso", "dicom"), ("brain", "scaled")])
def test_small_scan_and_tiny_network(content, kind, ct_bundle, brain_bundle, tmp_path) -> None:
    bundle = ct_bundle if content == "torso" else brain_bundle
    weights = save_tiny_weights(bundle, tmp_path / "tiny.pt", **TINY)
    options = json.dumps({**TINY, "dicom_seg": False, "ckpt_path": str(weights)})  # test_long_ct writes one
    assert multiple(content, "--kind", kind, "--shape", 256, 256, 256, "--options", options) < AT_MOST


@pytest.mark.situation("200 scans in one process", "the process does not grow")
def test_many_scans(ct_bundle, tmp_path) -> None:
    for name in ("model", "scans"):
        (tmp_path / name).mkdir()
    torso = synthetic_ct(0, spacing=(9, 9, 9), field_of_view="abdomen")
    for index in range(200):
        nibabel.save(nibabel.Nifti1Image(torso.image, torso.affine), tmp_path / f"scans/{index:03}.nii.gz")
    parser = ConfigParser()
    parser.read_config(str(ct_bundle / "configs" / "inference.json"))
    parser.update({**TINY, "slice_size": [48, 48], "spacing": [9, 9, 9], "volume_inferer#progress": False})
    parser.update({"dataset_dir": str(tmp_path / "scans"), "output_dir": str(tmp_path / "out"), "device": "cpu"})
    parser["ckpt_path"] = str(save_tiny_weights(ct_bundle, tmp_path / "model/model.pt", **TINY))
    resident: list[int] = []
    evaluator = parser.get_parsed_content("evaluator")
    evaluator.add_event_handler(
        Events.ITERATION_COMPLETED, lambda: resident.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
    )
    evaluator.run()
    assert len(list((tmp_path / "out").glob("*_seg.nii.gz"))) == 200
    # The first scans fill caches. One scan is 0.6 MiB in float32, so that a kept one in ten would be 9 MiB.
    assert np.median(resident[-20:]) - np.median(resident[40:60]) < 8 * 2**20


@pytest.mark.parametrize("kind", ["nifti", "dicom"])
@pytest.mark.situation(
    "A CT of 600 slices of 512 x 512 voxels", "segmented in at most 4 times its size in float32, 2.4 GiB"
)
def test_long_ct(kind) -> None:
    assert multiple("torso", "--kind", kind, "--shape", 512, 512, 600) < 4


@pytest.mark.situation(
    "A head of 400 slices of 512 x 512 voxels", "segmented in at most 4 times its size in float32, 1.6 GiB"
)
def test_large_head() -> None:
    assert multiple("head", "--shape", 512, 512, 400) < 4
