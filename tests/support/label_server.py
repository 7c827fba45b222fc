"""Starts MONAI Label as a user does, and speaks to it as 3D Slicer does."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest
import requests
from nibabel.processing import resample_from_to

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-label" / "bin" / "python"
START = ROOT / "integrations" / "monai_label" / "start.py"
BUNDLES = {name: ROOT / "bundles" / f"{name}_scse_segmentation" for name in ("brain_mri", "wholebody_ct")}

needs_monai_label = pytest.mark.skipif(not PYTHON.is_file(), reason="MONAI Label is not set up; run make test-label")


@dataclass
class Server:
    """A running server."""

    url: str
    bundle: Path
    log: Path

    @property
    def model(self) -> str:
        return self.bundle.name

    @property
    def weights(self) -> Path:
        return self.log.parent / "app" / "model" / self.bundle.name / "models" / "model.pt"

    def get(self, path: str, **options: object) -> dict:
        answer = requests.get(f"{self.url}/{path}", timeout=60, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, seconds: float = 900, **options: object) -> requests.Response:
        return requests.post(f"{self.url}/{path}", timeout=seconds, **options)

    def infer(self, image: str, file: Path) -> nibabel.Nifti1Image:
        answer = self.post(f"infer/{self.model}?image={image}&output=image", data={"params": '{"device": "cpu"}'})
        assert answer.status_code == 200, self.log.read_text()[-3000:]
        file.write_bytes(answer.content)
        return nibabel.load(file)

    def save_label(self, image: str, file: Path, params: dict) -> requests.Response:
        with file.open("rb") as stream:
            return requests.put(
                f"{self.url}/datastore/label?image={image}&tag=final",
                data={"params": json.dumps(params)},
                files={"label": (file.name, stream)},
                timeout=300,
            )

    def wait_for_log(self, text: str) -> None:
        for _ in range(60):
            if text in self.log.read_text():
                return
            time.sleep(1)
        pytest.fail(f"{text!r} is not in the log: {self.log.read_text()[-3000:]}")

    def train(self, val_split: float) -> requests.Response:
        return self.post(
            f"train/{self.model}?run_sync=true", json={"max_epochs": 1, "val_split": val_split, "device": "cpu"}
        )


def start_command(bundle: Path, studies: str | Path, app: Path) -> list[str]:
    return [str(PYTHON), str(START), "--bundle", str(bundle), "--studies", str(studies), "--app", str(app)]


@contextmanager
def serve(bundle: Path, studies: str | Path, folder: Path, *options: str) -> Iterator[Server]:
    """Start a server on loopback, stop it in the end, and see that it is gone."""
    port, log = free_port(), folder / "server.log"
    command = [*start_command(bundle, studies, folder / "app"), "--port", str(port), *options]
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)
    server = Server(f"http://127.0.0.1:{port}", bundle, log)
    try:
        wait_until_up(f"{server.url}/info/", process, log)
        yield server
    finally:
        subprocess.run(["kill", "-TERM", "--", f"-{process.pid}"], check=False)
        process.wait(timeout=60)  # start.py goes on as the server: nothing is left behind
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/info/", timeout=5)


def wait_until_up(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(180):
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            requests.get(url, timeout=5)
        except requests.RequestException:
            time.sleep(1)
        else:
            return
    pytest.fail(log.read_text()[-3000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dice_in_world(mask: nibabel.Nifti1Image, truth: nibabel.Nifti1Image, indices: list[int]) -> float:
    """Dice of the union of some classes at the same place in mm, whatever the two grids are."""
    there = resample_from_to(nibabel.Nifti1Image(np.asarray(mask.dataobj).astype(np.uint8), mask.affine), truth, 0)
    found, true = (np.isin(np.asarray(image.dataobj), indices) for image in (there, truth))
    return float(2 * (found & true).sum() / (found.sum() + true.sum()))


def centroid(image: nibabel.Nifti1Image, index: int) -> np.ndarray:
    """Middle of a class in mm, RAS."""
    voxels = np.argwhere(np.asarray(image.dataobj) == index)
    return nibabel.affines.apply_affine(image.affine, voxels.mean(axis=0))
