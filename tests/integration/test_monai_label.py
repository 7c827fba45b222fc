"""A real MONAI Label server with each bundle: infer, save a label, train, score. Run by `make test-label`."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest
import requests
from bundle_command import run_bundle
from phantom_brains import phantom, save_case

from monai_scse.data import BRAIN_STRUCTURES, get_label_protocol, synthetic_ct

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-label" / "bin" / "python"
START = ROOT / "integrations" / "monai_label" / "start.py"
BUNDLES = {name: ROOT / "bundles" / f"{name}_scse_segmentation" for name in ("brain_mri", "wholebody_ct")}

pytestmark = pytest.mark.skipif(not PYTHON.is_file(), reason="MONAI Label is not set up; run make test-label")


@dataclass
class Server:
    """A running server, with the studies that it serves and their true class indices."""

    url: str
    model: str
    bundle: Path
    studies: Path
    truth: dict[str, np.ndarray]
    log: Path

    @property
    def weights(self) -> Path:
        return self.log.parent / "app" / "model" / self.bundle.name / "models" / "model.pt"

    def post(self, path: str, seconds: float = 900, **options: object) -> requests.Response:
        return requests.post(f"{self.url}/{path}", timeout=seconds, **options)

    def infer(self, case: str, file: Path) -> nibabel.Nifti1Image:
        answer = self.post(f"infer/{self.model}?image={case}&output=image", data={"params": '{"device": "cpu"}'})
        assert answer.status_code == 200, self.log.read_text()[-3000:]
        file.write_bytes(answer.content)
        return nibabel.load(file)

    def save_label(self, case: str, classes: np.ndarray, folder: Path) -> None:
        file = folder / f"{case}.nii.gz"
        affine = nibabel.load(self.studies / f"{case}.nii.gz").affine
        nibabel.save(nibabel.Nifti1Image(classes.astype(np.uint8), affine), file)
        with file.open("rb") as stream:
            answer = requests.put(
                f"{self.url}/datastore/label?image={case}&tag=final",
                data={"params": "{}"},
                files={"label": (file.name, stream)},
                timeout=60,
            )
        assert answer.status_code == 200, answer.text

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


# voxel to world of a scan that is turned by 6 degrees, with anisotropic voxels; the axes point left, front and up
TURNED = np.array([[-1.193, -0.115, 0, 30], [-0.125, 1.094, 0, -25], [0, 0, 1.3, -20], [0, 0, 0, 1]])


def brain_studies(folder: Path) -> dict[str, np.ndarray]:
    """Asymmetric phantoms; white matter on either side is what can be told apart in them."""
    truth = {}
    for seed in range(3):
        image, label = phantom(seed)
        save_case(folder.parent / "made", f"case{seed}", image, label, affine=TURNED)
        (folder.parent / "made" / "images" / f"case{seed}.nii.gz").rename(folder / f"case{seed}.nii.gz")
        truth[f"case{seed}"] = get_label_protocol("neuromorphometrics").to_classes(label)
    return truth


def ct_studies(folder: Path) -> dict[str, np.ndarray]:
    truth = {}
    for seed in range(3):
        scan = synthetic_ct(seed, spacing=(6, 5, 7), field_of_view="abdomen")
        nibabel.save(nibabel.Nifti1Image(scan.image, scan.affine), folder / f"case{seed}.nii.gz")
        truth[f"case{seed}"] = np.where(scan.labels <= 10, scan.labels, 0)
    return truth


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module", params=BUNDLES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("monai label")
    studies = folder / "studies"
    studies.mkdir()
    make: Callable[[Path], dict] = {"brain_mri": brain_studies, "wholebody_ct": ct_studies}[request.param]
    truth, bundle, port = make(studies), BUNDLES[request.param], free_port()
    command = [
        str(PYTHON),
        str(START),
        "--bundle",
        str(bundle),
        "--studies",
        str(studies),
        "--app",
        str(folder / "app"),
    ]
    log = folder / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--scoring"], stdout=stream, stderr=stream, start_new_session=True
        )
    served = Server(f"http://127.0.0.1:{port}", bundle.name, bundle, studies, truth, log)
    try:
        wait_until_up(served, process)
        yield served
    finally:
        subprocess.run(["kill", "-TERM", "--", f"-{process.pid}"], check=False)
        process.wait(timeout=60)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{served.url}/info/", timeout=5)


def wait_until_up(server: Server, process: subprocess.Popen) -> None:
    for _ in range(180):
        assert process.poll() is None, server.log.read_text()[-3000:]
        try:
            requests.get(f"{server.url}/info/", timeout=5)
        except requests.RequestException:
            time.sleep(1)
        else:
            return
    pytest.fail(server.log.read_text()[-3000:])


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_server_lists_the_structures(server):
    info = requests.get(f"{server.url}/info/", timeout=60).json()
    labels = info["models"][server.model]["labels"]
    metadata = json.loads((server.bundle / "configs/metadata.json").read_text())
    channels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    assert labels == {name.lower(): int(index) for index, name in channels.items() if name != "background"}


def test_mask_is_that_of_the_command_line(server, tmp_path):
    mask = server.infer("case0", tmp_path / "mask.nii.gz")
    scan = server.studies / "case0.nii.gz"
    done = run_bundle(
        server.bundle, "inference.json", cwd=tmp_path, dataset_dir=scan, output_dir=tmp_path / "out", device="cpu"
    )
    assert done.returncode == 0, done.stderr
    expected = nibabel.load(tmp_path / "out/case0_seg.nii.gz")
    assert mask.shape == nibabel.load(scan).shape
    np.testing.assert_allclose(mask.affine, nibabel.load(scan).affine, atol=2e-3)
    # the command line runs the network in channels_last: in bfloat16 near ties may fall either way
    assert (np.asarray(mask.dataobj) != np.asarray(expected.dataobj)).mean() < 0.002


def test_mask_lies_where_the_anatomy_is(server, tmp_path):
    mask = np.asarray(server.infer("case0", tmp_path / "mask.nii.gz").dataobj)
    truth = server.truth["case0"]
    if server.bundle.name.startswith("brain"):
        names = [structure.name for structure in BRAIN_STRUCTURES]
        for side in ("left", "right"):  # of a phantom no more can be asked than the side
            index = names.index(f"{side} cerebral white matter")
            found, true = (np.argwhere(volume == index)[:, 0].mean() for volume in (mask, truth))
            middle = truth.shape[0] / 2
            assert (found - middle) * (true - middle) > 0
    else:
        for index in (1, 3, 4):  # liver and kidneys
            overlap = 2 * ((mask == index) & (truth == index)).sum() / ((mask == index).sum() + (truth == index).sum())
            assert overlap > 0.7


def test_real_brain_is_where_it_should_be(server, malc2012, tmp_path):
    if not server.bundle.name.startswith("brain"):
        pytest.skip("a brain scan")
    scan = next((malc2012 / "images").glob("1008*"))
    (server.studies / "real.nii.gz").write_bytes(scan.read_bytes())
    time.sleep(5)  # the server watches the folder
    mask = np.asarray(server.infer("real", tmp_path / "mask.nii.gz").dataobj)
    label = nibabel.load(next((malc2012 / "labels").glob("1008*")))
    truth = get_label_protocol("neuromorphometrics").to_classes(np.asarray(label.dataobj))
    for index in (1, 2, 14, 15):
        overlap = 2 * ((mask == index) & (truth == index)).sum() / ((mask == index).sum() + (truth == index).sum())
        assert overlap > 0.85
    (server.studies / "real.nii.gz").unlink()


def test_trains_with_one_and_with_three_labels_and_uses_the_new_weights(server, tmp_path):
    before = np.asarray(server.infer("case1", tmp_path / "before.nii.gz").dataobj)
    weights = digest(server.weights)
    server.save_label("case0", server.truth["case0"], tmp_path)
    answer = server.train(val_split=0.2)
    assert answer.status_code == 200, server.log.read_text()[-3000:]
    assert digest(server.weights) != weights
    after = np.asarray(server.infer("case1", tmp_path / "after.nii.gz").dataobj)
    assert (before != after).any()

    weights = digest(server.weights)
    for case in ("case1", "case2"):
        server.save_label(case, server.truth[case], tmp_path)
    answer = server.train(val_split=0.34)
    assert answer.status_code == 200, server.log.read_text()[-3000:]
    assert digest(server.weights) != weights
    assert digest(server.bundle / "models" / "model.pt") != weights  # the bundle itself stays as it is


def test_scores(server):
    for _ in range(300):  # the server scores by itself after a label is saved
        answer = server.post(f"scoring/{server.model}?run_sync=true", json={})
        if answer.status_code != 429:
            break
        time.sleep(2)
    assert answer.status_code == 200, server.log.read_text()[-3000:]


def test_label_beyond_the_classes_is_refused_and_the_server_stays_up(server, tmp_path):
    broken = server.truth["case2"].copy()
    broken[0, 0, 0] = 77
    server.save_label("case2", broken, tmp_path)
    weights = digest(server.weights)
    answer = server.train(val_split=0.0)
    assert answer.status_code == 500
    server.wait_for_log("label 77")
    assert digest(server.weights) == weights
    assert requests.get(f"{server.url}/info/", timeout=60).status_code == 200
    server.save_label("case2", server.truth["case2"], tmp_path)


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


def test_server_does_not_start_with_another_version_of_the_package(tmp_path):
    bundle = tmp_path / "wholebody_ct_scse_segmentation"
    shutil.copytree(BUNDLES["wholebody_ct"], bundle)
    metadata = json.loads((bundle / "configs/metadata.json").read_text())
    metadata["required_packages_version"]["monai-scse"] = "9.9.9"
    (bundle / "configs/metadata.json").write_text(json.dumps(metadata))
    done = start_once(bundle, tmp_path)
    assert done.returncode == 1
    assert "needs monai-scse 9.9.9" in done.stderr


def start_once(bundle: Path, folder: Path) -> subprocess.CompletedProcess:
    command = [str(PYTHON), str(START), "--bundle", str(bundle), "--studies", str(folder), "--app", str(folder / "app")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
