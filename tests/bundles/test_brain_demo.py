"""The demo of the brain bundle, and how its result compares with the ICBM tissue probability maps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nilearn.datasets import load_mni152_gm_template, load_mni152_wm_template
from support.brain_structures import BRAIN_STRUCTURES


@pytest.fixture(scope="module")
def demo_output(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo output")
    script = Path(__file__).parents[2] / "docs/examples/demo.py"
    result = subprocess.run(
        [sys.executable, str(script), "brain", "--output_dir", str(folder)], capture_output=True, text=True, timeout=500
    )
    assert result.returncode == 0, result.stderr
    (folder / "printed.txt").write_text(result.stdout)
    return folder


def test_demo_prints_the_ten_largest_structures_and_the_report(demo_output):
    printed = (demo_output / "printed.txt").read_text()
    assert printed.count(" ml\n") == 10
    for part in ("seg.nii.gz", "volumes.csv", "overlay.png"):
        assert (demo_output / f"icbm152_t1_{part}").is_file()
    assert printed.splitlines()[-1] == f"Open {demo_output / 'icbm152_t1_report.html'}"
    assert " - INFO - " not in printed


@pytest.mark.parametrize(
    ("parts", "load_map"),
    [
        (("cortex", "thalamus", "caudate", "putamen", "pallidum", "hippocampus", "amygdala"), load_mni152_gm_template),
        (("white matter",), load_mni152_wm_template),
    ],
    ids=["grey", "white"],
)
def test_tissue_agrees_with_the_icbm_probability_map(demo_output, parts, load_map):
    indices = [i for i, structure in enumerate(BRAIN_STRUCTURES) if structure.name.endswith(parts)]
    segmented = np.isin(np.asarray(nibabel.load(demo_output / "icbm152_t1_seg.nii.gz").dataobj), indices)
    tissue = load_map(resolution=1).get_fdata() > 0.5
    dice = 2 * (segmented & tissue).sum() / (segmented.sum() + tissue.sum())
    assert dice >= 0.85
