"""Files of weights and checkpoints, refused in one line when they are not what they should be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InputError
from .files import existing_file, is_lfs_pointer

if TYPE_CHECKING:
    import torch

__all__ = ["read_torch_file", "read_weights", "weights_difference"]


def read_torch_file(path: str | Path, hint: str) -> Any:
    """The content of a file that ``torch.save`` wrote: tensors and plain values, on the CPU.

    Args:
        path: the file.
        hint: what the user can do when it does not exist.

    Raises:
        InputError: when it does not exist, is a pointer of Git LFS, is empty or cut short, or is no such file.
    """
    import torch

    path = existing_file(path, hint)
    try:
        with Path(path).open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check its permissions.") from error
    if not start:
        raise InputError(f"{path}: empty; copy the file again.")
    if is_lfs_pointer(start):
        raise InputError(f"{path}: a pointer of Git LFS in place of the file; run `git lfs pull`.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:
        if "TorchScript" in str(error):
            reason, cure = "a TorchScript model", "give the weights that it was exported from"
        elif "Unsupported global" in str(error):
            reason, cure = "holds other objects than tensors and plain values", "save the state_dict() of the network"
        elif start.startswith(b"PK"):
            reason, cure = "cut short or damaged", "copy the file again"
        else:
            reason, cure = "not a file of PyTorch", "give one that torch.save wrote"
        raise InputError(f"{path}: {reason}; {cure}.") from error


def read_weights(path: str | Path, network: torch.nn.Module, hint: str) -> dict[str, torch.Tensor]:
    """The weights of a network in a file: its state dict, or a dictionary that holds it as ``"model"``.

    Args:
        path: the file.
        network: the network that they must fit.
        hint: what the user can do when the file does not exist.

    Raises:
        InputError: when :func:`read_torch_file` refuses the file, or it holds no weights or those of another network.
    """
    import torch

    content = read_torch_file(path, hint)
    if isinstance(content, Mapping) and "objects" in content:
        raise InputError(f"{path}: a training checkpoint, which resume=true continues; give the model.pt beside it.")
    state = content["model"] if isinstance(content, Mapping) and "model" in content else content
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(f"{path}: holds no state_dict of a network; give the weights that a training wrote.")
    if (difference := weights_difference(state, network)) is not None:
        raise InputError(f"{path}: {difference}.")
    return dict(state)


def weights_difference(state: Mapping[str, torch.Tensor], network: torch.nn.Module) -> str | None:
    """How the weights of a file differ from those of a network, and the cure, or None when they fit."""
    import torch

    if isinstance(network, torch.nn.parallel.DistributedDataParallel):
        network = network.module
    own = network.state_dict()
    for names, lacking in ((own.keys() - state.keys(), "lacks"), (state.keys() - own.keys(), "has besides")):
        if names:
            first = next(name for name in (*own, *state) if name in names)
            return (
                f"weights of another network, it {lacking} {len(names)} entries such as {first!r}; set network_def to "
                "that of its training"
            )
    shapes = {name: (tuple(state[name].shape), tuple(own[name].shape)) for name in own}
    differing = [name for name, (theirs, ours) in shapes.items() if theirs != ours]
    if not differing:
        return None
    kernels = [pair for pair in shapes.values() if len(pair[1]) > 2 and len(pair[0]) == len(pair[1])]
    causes = _named_differences(kernels) if kernels else []
    if causes:
        found, options = zip(*causes)
        return f"weights for {' and '.join(found)}; set {' and '.join(options)} as in its training"
    theirs, ours = shapes[differing[0]]
    return f"{differing[0]!r} has the shape {theirs} in place of {ours}; set network_def to that of its training"


def _named_differences(kernels: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[tuple[str, str]]:
    """What the first and the last convolution tell about a network: the difference, and the option that sets it."""
    (first, own_first), (last, own_last) = kernels[0], kernels[-1]
    compared = [
        ("input channels", "num_slices", first[1], own_first[1]),
        ("features", "network_def#features", first[0], own_first[0]),
        ("voxels along a kernel", "network_def#kernel_size", first[2], own_first[2]),
        ("classes", "the classes (organs or num_classes)", last[0], own_last[0]),
    ]
    return [
        (f"{theirs} {what} in place of {ours}", option) for what, option, theirs, ours in compared if theirs != ours
    ]
