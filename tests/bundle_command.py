"""Runs bundle commands as a user types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_bundle(
    bundle: Path, config: str | list[str], cwd: Path, **overrides: object
) -> subprocess.CompletedProcess[str]:
    """``python -m monai.bundle run`` as a user types it."""
    files = [str(bundle / "configs" / name) for name in ([config] if isinstance(config, str) else config)]
    command = [sys.executable, "-m", "monai.bundle", "run", "--bundle_root", str(bundle)]
    command += ["--config_file", files[0] if len(files) == 1 else str(files)]
    for name, value in overrides.items():
        command += [f"--{name.replace('__', '#')}", str(value)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=500)
