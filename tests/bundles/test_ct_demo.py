"""The demo of the CT bundle: what it prints and how well it finds the organs of a synthetic torso."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
def test_demo_finds_the_organs_and_says_what_it_shows(tmp_path):
    script = Path(__file__).parents[2] / "docs/examples/demo.py"
    result = subprocess.run(
        [sys.executable, str(script), "ct", "--output_dir", str(tmp_path)], capture_output=True, text=True, timeout=500
    )
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if " ml " in line]
    dice = {" ".join(row[:-3]): float(row[-1]) for row in rows}
    assert len(dice) == 10
    assert sum(dice.values()) / 10 > 0.75
    assert min(dice["liver"], dice["right lung"], dice["left lung"]) > 0.85
    assert "This torso is synthetic" in result.stdout
    for part in ("seg.nii.gz", "volumes.csv", "overlay.png"):
        assert (tmp_path / f"synthetic_ct_{part}").is_file()
    assert result.stdout.splitlines()[-1] == f"Open {tmp_path / 'synthetic_ct_report.html'}"
