"""``monai-scse info``, ``doctor`` and ``bundle``: what is installed, and whether it works here."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version

import click

from ..runtime import BUNDLES, InputError, bundle_folder, check_versions
from ..runtime.weights import read_torch_file
from .options import task_argument
from .usage import one_line_errors

__all__ = ["bundle", "doctor", "info"]

_PACKAGES = ("monai-scse", "monai", "torch", "numpy")
_LEAST_MEMORY_GIB = 4


@click.command()
@task_argument
def bundle(task: str) -> None:
    """Print the folder of a bundle, for python -m monai.bundle run, MONAI Label and the zoo tools."""
    with one_line_errors():
        click.echo(bundle_folder(task))


@click.command()
def info() -> None:
    """Show versions, the device, and the weights with their checksums and data licences."""
    import torch

    for package in _PACKAGES:
        click.echo(f"{package} {version(package)}")
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    click.echo(f"python {platform.python_version()}, {device}")
    with one_line_errors():
        for task in BUNDLES:
            folder = bundle_folder(task)
            click.echo(f"\n{task}: {folder}")
            for file in sorted((folder / "models").glob("*.pt")):
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                click.echo(f"  {file.name}  {file.stat().st_size / 1e6:.1f} MB  sha256 {digest[:16]}")
            click.echo(
                "  " + (folder / "docs/data_license.txt").read_text(encoding="utf-8").strip().replace("\n", "\n  ")
            )


def _check_bundles() -> str:
    for task in BUNDLES:
        folder = bundle_folder(task)
        check_versions(folder)
        for file in (folder / "models").glob("*.pt"):
            read_torch_file(file, "install the wheel of monai-scse again.")
    return "bundles and weights are whole"


def _check_gpu() -> str:
    import torch

    if torch.cuda.is_available():
        return f"GPU: {torch.cuda.get_device_name(0)}"
    if shutil.which("nvidia-smi") and subprocess.run(["nvidia-smi"], capture_output=True).returncode == 0:
        raise InputError("GPU: there is one, PyTorch is built without CUDA; install it from pytorch.org.")
    return "no GPU: a brain takes about a minute on a CPU"


def _check_threads() -> str:
    import torch
    from dask.system import CPU_COUNT as cores  # noqa: N811  # those that a cluster gave to this job

    threads = torch.get_num_threads()
    if threads < cores // 2:
        raise InputError(f"threads: PyTorch uses {threads} of {cores} cores; unset OMP_NUM_THREADS.")
    return f"threads: {threads} of {cores} cores"


def _check_memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return "memory: not known on this system"
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    if gib < _LEAST_MEMORY_GIB:
        raise InputError(f"memory: {gib:.1f} GiB, {_LEAST_MEMORY_GIB} are needed; use a larger machine.")
    return f"memory: {gib:.0f} GiB"


def _check_readers() -> str:
    import highdicom  # noqa: F401
    import itk
    import nibabel  # noqa: F401

    return f"readers: NIfTI, DICOM, ITK {itk.Version.GetITKVersion()}"


@click.command()
def doctor() -> None:
    """Check what is missing or slow here, and say the cure. Exit status 1 where something is wrong."""
    checks: list[Callable[[], str]] = [_check_bundles, _check_readers, _check_memory, _check_threads, _check_gpu]
    wrong = 0
    for check in checks:
        try:
            click.echo(f"ok     {check()}")
        except (ImportError, InputError) as error:
            wrong += 1
            click.echo(f"wrong  {error}")
    if wrong:
        raise click.exceptions.Exit(1)
