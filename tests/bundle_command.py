"""Runs bundle commands as a user types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_verb(verb: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """``python -m monai.bundle <verb>`` as a user types it; ``__`` in the name of an option is ``#``."""
    command = [sys.executable, "-m", "monai.bundle", verb]
    for name, value in options.items():
        command += [f"--{name.replace('__', '#')}", str(value)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=500)


def run_bundle(
    bundle: Path, config: str | list[str], cwd: Path, **overrides: object
) -> subprocess.CompletedProcess[str]:
    """``python -m monai.bundle run`` with configs of a bundle."""
    files = [str(bundle / "configs" / name) for name in ([config] if isinstance(config, str) else config)]
    config_file = files[0] if len(files) == 1 else files
    return run_verb("run", cwd, bundle_root=bundle, config_file=config_file, **overrides)
