"""Files of weights that are not what they should be are refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from monai_scse.networks.nets import SEUNet
from monai_scse.runtime import InputError, read_weights


def network(**options: Any) -> torch.nn.Module:
    chosen = {"in_channels": 5, "out_channels": 4, "features": 4, "kernel_size": 3, "recal": "scse", **options}
    return SEUNet(spatial_dims=2, **chosen)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    torch.save(network().state_dict(), tmp_path / "model.pt")
    return tmp_path / "model.pt"


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"model": state}])
def test_weights_are_read_flat_or_by_the_name_model(file: Path, wrap: Callable[[dict], dict]) -> None:
    state = network().state_dict()
    torch.save(wrap(state), file)
    found = read_weights(file, network(), "train first.")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


def pointer(file: Path) -> None:
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 13854022\n")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def cut_by_little(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[5000:5100] = bytes(100)
    file.write_bytes(content)


def scripted(file: Path) -> None:
    torch.jit.save(torch.jit.script(torch.nn.Conv2d(1, 1, 1)), file)


def checkpoint(file: Path) -> None:
    torch.save({"objects": {"network": network().state_dict()}, "iteration": 4}, file)


LFS = "A checkpoint that is a Git LFS pointer"
CUT = "A checkpoint that is cut short or empty"
OTHER = "A training checkpoint, a TorchScript model or a pickled network given as weights"


def situation(value: Callable[[Path], Any], message: str, what: str) -> Any:
    mark = pytest.mark.situation(what, "refused in one line with its path, before the first scan is read")
    return pytest.param(value, message, marks=mark)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Path.unlink, "no such file; train first"),
        situation(pointer, "a pointer of Git LFS in place of the file; run `git lfs pull`", LFS),
        situation(lambda file: file.write_bytes(b""), "empty; copy the file again", CUT),
        situation(cut, "cut short or damaged; copy the file again", CUT),
        situation(cut_by_little, "cut short or damaged; copy the file again", CUT),
        (lambda file: file.write_text("<!DOCTYPE html><html>Sign in</html>"), "not a file of PyTorch; give one that"),
        situation(scripted, "a TorchScript model; give the weights that it was exported from", OTHER),
        situation(checkpoint, "a training checkpoint, which resume=true continues; give the model", OTHER),
        situation(lambda file: torch.save(network(), file), "holds other objects than tensors and plain values", OTHER),
        (lambda file: torch.save([1, 2], file), "holds no state_dict of a network; give the weights that a training"),
        (lambda file: torch.save({"epoch": 3}, file), "holds no state_dict of a network; give the weights"),
    ],
)
def test_files_that_hold_no_weights(file: Path, damage: Callable[[Path], Any], message: str) -> None:
    damage(file)
    with pytest.raises(InputError, match=rf"^\S+/model\.pt: {message}.*\.$"):
        read_weights(file, network(), "train first.")


@pytest.mark.situation("Weights of another network", "refused in one line, naming the option to change")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_channels": 1}, "weights for 5 input channels in place of 1; set num_slices as in its training"),
        ({"features": 8}, "weights for 4 features in place of 8; set network_def#features as in its training"),
        ({"kernel_size": 5}, "weights for 3 voxels along a kernel in place of 5; set network_def#kernel_size as in"),
        (
            {"out_channels": 11, "in_channels": 1},
            r"weights for 5 input channels in place of 1 and 4 classes in place of 11; set num_slices and the classes",
        ),
        (
            {"recal": None},
            r"weights of another network, it has besides \d+ entries such as 'encoders.0.recal.\S+'; set network",
        ),
        (
            {"recal": "pe"},
            r"weights of another network, it lacks \d+ entries such as 'encoders.0.recal.\S+'; set network_def to that",
        ),
    ],
)
def test_weights_of_another_network(file: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"^\S+/model\.pt: {message}"):
        read_weights(file, network(**options), "train first.")
