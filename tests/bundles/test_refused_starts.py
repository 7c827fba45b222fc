"""Weights, checkpoints and folders that a bundle cannot use are refused in one line, before the first scan is read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from support.bundle_command import run_bundle
from support.small_cases import SMALL, save_small_cases


@pytest.fixture(params=["brain_bundle", "ct_bundle"])
def bundle(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture
def unreadable_scans(tmp_path: Path) -> Path:
    """Scans and labels that no reader takes: a message about one shows that it was read."""
    for part in ("images", "labels"):
        (tmp_path / "data" / part).mkdir(parents=True)
        for name in "ab":
            (tmp_path / "data" / part / f"{name}.nii.gz").write_text("no image")
    return tmp_path / "data"


def only_error(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    (line,) = [line for line in done.stderr.splitlines() if "error: " in line]
    return line[line.index("error: ") :]


def pointer(file: Path) -> None:
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 13854022\n")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100_000])


def checkpoint(file: Path) -> None:
    content = torch.load(file, weights_only=True)
    torch.save({"objects": {"network": content}, "iteration": 5, "epoch_length": 5}, file)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(pointer, "a pointer of Git LFS"), (cut, "cut short or damaged"), (checkpoint, "a training checkpoint, which")],
)
@pytest.mark.parametrize("config", ["inference.json", ["train.json", "evaluate.json"], ["train.json", "finetune.yaml"]])
def test_weights(bundle, unreadable_scans, tmp_path, config, damage: Callable[[Path], None], reason: str):
    weights = Path(shutil.copy(bundle / "models/model.pt", tmp_path / "weights.pt"))
    damage(weights)
    data = unreadable_scans / "images" if config == "inference.json" else unreadable_scans
    option = {"pretrained": weights} if "finetune.yaml" in config else {"ckpt_path": weights}
    folders = {"dataset_dir": data, "output_dir": tmp_path / "out", "ckpt_dir": tmp_path / "models"}
    done = run_bundle(bundle, config, tmp_path, device="cpu", **folders, **option)
    assert only_error(done).startswith(f"error: {weights}: {reason}")


@pytest.mark.parametrize(
    ("option", "cure"), [({"num_slices": 3}, "set num_slices"), ({"network_def__features": 8}, "#features as in")]
)
def test_options_that_differ_from_those_of_the_weights(bundle, unreadable_scans, tmp_path, option, cure: str):
    data = {"dataset_dir": unreadable_scans / "images", "output_dir": tmp_path / "out"}
    line = only_error(run_bundle(bundle, "inference.json", tmp_path, device="cpu", **data, **option))
    assert line.startswith(f"error: {bundle}/models/model.pt: weights for ")
    assert cure in line


@pytest.mark.parametrize("network", ["axial", "sagittal"])
def test_weights_of_further_views(brain_bundle, unreadable_scans, tmp_path, network: str):
    weights = tmp_path / "view.pt"
    pointer(weights)
    options = {"dataset_dir": unreadable_scans / "images", "output_dir": tmp_path / "out", f"{network}_path": weights}
    configs = ["inference.json", "view_aggregation.yaml"]
    line = only_error(run_bundle(brain_bundle, configs, tmp_path, device="cpu", **options))
    assert line.startswith(f"error: {weights}: a pointer of Git LFS")


def test_weights_of_the_brain_extraction(brain_bundle, unreadable_scans, tmp_path):
    weights = tmp_path / "brain_extraction.pt"
    pointer(weights)
    options = {"dataset_dir": unreadable_scans / "images", "output_dir": tmp_path / "out", "device": "cpu"}
    line = only_error(
        run_bundle(brain_bundle, "inference.json", tmp_path, **{"brain_extractor__weights": weights}, **options)
    )
    assert line.startswith(f"error: {weights}: a pointer of Git LFS")


@pytest.mark.parametrize("damage", [pointer, cut, Path.unlink])
def test_checkpoint_to_resume(bundle, unreadable_scans, tmp_path, damage: Callable[[Path], None]):
    file = Path(shutil.copy(bundle / "models/model.pt", tmp_path / "checkpoint.pt"))
    damage(file)
    folders = {"dataset_dir": unreadable_scans, "output_dir": tmp_path / "out", "ckpt_dir": tmp_path}
    line = only_error(run_bundle(bundle, "train.json", tmp_path, device="cpu", resume=True, **folders))
    assert line.startswith(f"error: {file}: ")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A folder on a file system of its own, with the options of a mount."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def mount(options: str) -> Path:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("this machine lets no test mount a tmpfs")
        return folder

    yield mount
    subprocess.run(["umount", folder], capture_output=True)


@pytest.mark.situation("A training whose folder is read-only", "refused in one line before the first scan is read")
@pytest.mark.parametrize("option", ["ckpt_dir", "output_dir"])
def test_read_only_folder(bundle, unreadable_scans, tmp_path, mounted, option: str):
    folders = {"ckpt_dir": tmp_path / "models", "output_dir": tmp_path / "out", option: mounted("ro") / "of_mine"}
    line = only_error(run_bundle(bundle, "train.json", tmp_path, dataset_dir=unreadable_scans, device="cpu", **folders))
    assert line.startswith(f"error: {folders[option]}: cannot be written (Read-only file system); ")


@pytest.mark.long
@pytest.mark.situation("A disk that is full when a training saves", "one line with the path, no half file")
def test_full_disk(bundle, tmp_path, mounted):
    save_small_cases(bundle.name, tmp_path / "data", range(2))
    models = mounted("size=150k")
    options = {"dataset_dir": tmp_path / "data", "validation_cases": 0, "epochs": 2, **SMALL[bundle.name]}
    folders = {"ckpt_dir": models, "output_dir": tmp_path / "out"}
    done = run_bundle(bundle, "train.json", tmp_path, device="cpu", network_def__features=4, **folders, **options)
    line = only_error(done)
    assert line.startswith(f"error: {models}/checkpoint.pt: cannot be written (No space left on device); free some")
    assert [file.name for file in models.iterdir()] == ["model.pt"]
