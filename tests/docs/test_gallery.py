"""The scripts of the gallery run, in a short form. ``make docs`` runs them whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "docs/examples/gallery").glob("*.py"))
#: the script as it is, but with few steps of training
SHORT_FORM = """
import re, sys
source = re.sub(r"^(STEPS|EPOCHS) = \\d+", r"\\1 = 1", open(sys.argv[1]).read(), flags=re.MULTILINE)
sys.argv = sys.argv[1:]
exec(compile(source, sys.argv[0], "exec"), {"__name__": "__main__"})
"""


@pytest.mark.long
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_runs(script: Path) -> None:
    pytest.importorskip("nilearn", reason="nilearn, which has the template, is not installed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    command = [sys.executable, "-c", SHORT_FORM, str(script)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_figures_have_a_caption(script: Path) -> None:
    blocks = script.read_text().split("# %%\n")
    for drawing, following in zip(blocks, [*blocks[1:], ""]):
        assert "plt.subplots" not in drawing or following.startswith("# *"), drawing
