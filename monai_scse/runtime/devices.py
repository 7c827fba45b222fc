"""The device that a user names, checked before a network goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import InputError

if TYPE_CHECKING:
    import torch

__all__ = ["check_device", "device_of"]


def device_of(device: torch.device | str) -> torch.device:
    """The device of a name, whether this machine has it or not.

    Raises:
        InputError: when its name is none of PyTorch's.
    """
    import torch

    try:
        return torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise InputError(f"device {device}: not a device of PyTorch; use cpu, cuda or mps.") from error


def check_device(device: torch.device | str) -> None:
    """Check that PyTorch can use a device here.

    Raises:
        InputError: when its name is none of PyTorch's, or this machine does not have it.
    """
    import torch

    wanted = device_of(device)
    accelerator = {"cuda": torch.cuda, "mps": torch.mps}.get(wanted.type)
    if accelerator is None:
        return
    count = accelerator.device_count() if accelerator.is_available() else 0
    if not count:
        raise InputError(f"device {device}: PyTorch {torch.__version__} finds none here; use cpu.")
    if (wanted.index or 0) >= count:
        raise InputError(f"device {device}: this machine has {count}, numbered from 0; use {wanted.type}:0.")
