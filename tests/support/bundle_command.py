"""Runs bundle commands as a user types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch


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


def one_small_step(
    bundle: Path, configs: list[str], start: Path, cwd: Path, **overrides: object
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Train on from weights for one tiny step, check that it was one; returns all weights before and after."""
    result = run_bundle(
        bundle,
        configs,
        cwd=cwd,
        pretrained=start,
        learning_rate=1e-6,
        ckpt_dir=cwd,
        output_dir=cwd,
        time_budget_minutes=0.001,
        **overrides,
    )
    assert result.returncode == 0, result.stderr
    before, after = (torch.load(file, weights_only=True) for file in (start, cwd / "model.pt"))
    for name, value in after.items():
        if name.endswith("weight"):
            torch.testing.assert_close(value, before[name], rtol=0, atol=1e-3)  # one small step away, not anew
    return before, after
