"""What a command imports before there is work to do."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# seconds each; what they bring is a second and more
SLOW = {
    "torch",
    "monai",
    "ignite",
    "scipy",
    "pandas",
    "nibabel",
    "itk",
    "matplotlib",
    "pydicom",
    "dask",
    "bids",
    "yaml",
}
RUN = """
import contextlib, io, json, sys
sys.argv = ["monai-scse", *json.loads(sys.argv[1])]
from monai_scse.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(json.dumps(sorted(sys.modules)))
"""


def modules_of(*words: str) -> list[str]:
    """The modules that a command imports."""
    run = [sys.executable, "-c", RUN, json.dumps(words)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("words", [["--help"], ["segment", "--help"], ["bids", "--help"], ["compare", "--help"]])
def test_help_imports_no_library_of_seconds(words: list[str]) -> None:
    modules = modules_of(*words)
    assert SLOW & {name.partition(".")[0] for name in modules} == set()
    assert len(modules) < 500, "NumPy, click and the standard library"
