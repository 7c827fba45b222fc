"""Starts of MONAI Label that are refused before the server is up. Run by `make test-label`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from support.label_server import BUNDLES, needs_monai_label, start_command

pytestmark = needs_monai_label


def start_once(bundle: Path, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        start_command(bundle, folder, folder / "app"), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("remove", "message"),
    [("models/model.pt", "the weights are missing"), ("configs/inference.json", "not found")],
)
def test_server_does_not_start_with_a_bundle_that_is_not_whole(tmp_path, remove, message):
    bundle = tmp_path / "wholebody_ct_scse_segmentation"
    shutil.copytree(BUNDLES["wholebody_ct"], bundle)
    (bundle / remove).unlink()
    done = start_once(bundle, tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "app").exists()


def ask_for_another_version(bundle: Path) -> None:
    file = bundle / "configs/metadata.json"
    metadata = json.loads(file.read_text())
    metadata["required_packages_version"]["monai-scse"] = "9.9.9"
    file.write_text(json.dumps(metadata))


def test_server_does_not_start_with_another_version_of_the_package(tmp_path):
    bundle = tmp_path / "wholebody_ct_scse_segmentation"
    shutil.copytree(BUNDLES["wholebody_ct"], bundle)
    ask_for_another_version(bundle)
    done = start_once(bundle, tmp_path)
    assert done.returncode == 1
    assert "needs monai-scse 9.9.9" in done.stderr


@pytest.mark.parametrize(
    ("break_copy", "message"),
    [
        (lambda copy: (copy / "models/model.pt").unlink(), "models/model.pt: the weights are missing"),
        (lambda copy: (copy / "configs/train.json").unlink(), "configs/train.json: not found"),
        (ask_for_another_version, "configs/metadata.json: needs monai-scse 9.9.9"),
    ],
    ids=["weights", "config", "version"],
)
def test_second_start_checks_the_copy_in_the_app_folder(tmp_path, break_copy, message):
    bundle, app = BUNDLES["wholebody_ct"], tmp_path / "app"
    copy = app / "model" / bundle.name
    shutil.copytree(bundle, copy)
    break_copy(copy)
    done = start_once(bundle, tmp_path)
    assert done.returncode == 1
    assert f"error: {copy}/{message}" in done.stderr
    assert f"delete the app folder {app}, or give another --app" in done.stderr
    assert len(done.stderr.splitlines()) == 1
