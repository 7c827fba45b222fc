"""A real MONAI Label server with each bundle: infer, save a label, train, score. Run by `make test-label`."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from support.brain_structures import BRAIN_STRUCTURES
from support.bundle_command import run_bundle
from support.label_server import BUNDLES, Server, centroid, dice_in_world, needs_monai_label, serve
from support.phantom_brains import phantom, save_case

from monai_scse.labels import label_protocol
from monai_scse.synthetic.ct.torso import synthetic_ct

pytestmark = needs_monai_label
STRUCTURES = [structure.name for structure in BRAIN_STRUCTURES]


@dataclass
class Studies:
    """A server's folder of scans, with their true class indices."""

    server: Server
    folder: Path
    truth: dict[str, np.ndarray]

    def save_label(self, case: str, classes: np.ndarray, folder: Path) -> None:
        file = folder / f"{case}.nii.gz"
        affine = nibabel.load(self.folder / f"{case}.nii.gz").affine
        nibabel.save(nibabel.Nifti1Image(classes.astype(np.uint8), affine), file)
        answer = self.server.save_label(case, file, {})
        assert answer.status_code == 200, answer.text
        saved = nibabel.load(self.folder / "labels" / "final" / file.name)
        np.testing.assert_array_equal(np.asarray(saved.dataobj), classes)

    @contextmanager
    def added(self, name: str, scan: nibabel.Nifti1Image) -> Iterator[str]:
        """One more scan, for a while."""
        file = self.folder / f"{name}.nii.gz"
        nibabel.save(scan, self.folder.parent / file.name)
        (self.folder.parent / file.name).rename(file)
        for _ in range(60):  # the server watches the folder
            if name in self.server.get("datastore/?output=all")["objects"]:
                break
            time.sleep(1)
        try:
            yield name
        finally:
            file.unlink()


# voxel to world of a scan that is turned by 6 degrees, with anisotropic voxels and axes to the left, front and up
TURNED = np.array([[-1.193, -0.115, 0, 30], [-0.125, 1.094, 0, -25], [0, 0, 1.3, -20], [0, 0, 0, 1]])


def brain_studies(folder: Path) -> dict[str, np.ndarray]:
    """Asymmetric phantoms. The white matter of either side can be distinguished in them."""
    truth = {}
    for seed in range(3):
        image, label = phantom(seed)
        save_case(folder.parent / "made", f"case{seed}", image, label, affine=TURNED)
        (folder.parent / "made" / "images" / f"case{seed}.nii.gz").rename(folder / f"case{seed}.nii.gz")
        truth[f"case{seed}"] = label_protocol("neuromorphometrics", BRAIN_STRUCTURES).to_classes(label)
    return truth


def ct_studies(folder: Path) -> dict[str, np.ndarray]:
    truth = {}
    for seed in range(3):
        scan = synthetic_ct(seed, spacing=(6, 5, 7), field_of_view="abdomen")
        nibabel.save(nibabel.Nifti1Image(scan.image, scan.affine), folder / f"case{seed}.nii.gz")
        truth[f"case{seed}"] = np.where(scan.labels <= 10, scan.labels, 0)
    return truth


@pytest.fixture(scope="module", params=BUNDLES)
def studies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studies]:
    folder = tmp_path_factory.mktemp("monai label")
    scans = folder / "studies"
    scans.mkdir()
    truth = {"brain_mri": brain_studies, "wholebody_ct": ct_studies}[request.param](scans)
    with serve(BUNDLES[request.param], scans, folder, "--scoring") as server:
        yield Studies(server, scans, truth)


@pytest.fixture
def server(studies: Studies) -> Server:
    return studies.server


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_server_lists_the_structures(server):
    labels = server.get("info/")["models"][server.model]["labels"]
    metadata = json.loads((server.bundle / "configs/metadata.json").read_text())
    channels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    assert labels == {name.lower(): int(index) for index, name in channels.items() if name != "background"}
    assert list(labels.values()) == list(range(1, len(channels)))  # Slicer lists segments in this order


def assert_mask_of_command_line(studies: Studies, case: str, folder: Path, **overrides: object) -> nibabel.Nifti1Image:
    """Segment a scan by the server and by the command line, compare, return the server's mask."""
    mask = studies.server.infer(case, folder / "mask.nii.gz")
    scan = studies.folder / f"{case}.nii.gz"
    overrides |= {"dataset_dir": scan, "output_dir": folder / "out", "device": "cpu"}
    done = run_bundle(studies.server.bundle, "inference.json", cwd=folder, **overrides)
    assert done.returncode == 0, done.stderr
    expected = nibabel.load(folder / f"out/{case}_seg.nii.gz")
    assert mask.shape == nibabel.load(scan).shape
    np.testing.assert_allclose(mask.affine, nibabel.load(scan).affine, atol=2e-3)
    # the command line runs the network in channels_last: in bfloat16 near ties may fall either way
    assert (np.asarray(mask.dataobj) != np.asarray(expected.dataobj)).mean() < 0.002
    return mask


def test_mask_is_that_of_the_command_line(studies, tmp_path):
    assert_mask_of_command_line(studies, "case0", tmp_path)


def turned_brain() -> tuple[nibabel.Nifti1Image, nibabel.Nifti1Image]:
    """The ICBM 152 template, turned, the head in a corner of unequal voxels. Its white matter, left 1, right 2.

    That mask holds the white matter of the cerebellum as well.
    """
    from nilearn.datasets import load_mni152_template, load_mni152_wm_mask
    from nilearn.image import resample_img

    degrees = np.deg2rad([0, 8, -6])
    rotation = nibabel.eulerangles.euler2mat(*degrees)
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.array([[0, 0, 1.3], [-1.1, 0, 0], [0, 1.2, 0]])  # axes to the back, up and right
    affine[:3, 3] = [-110, 120, -90]
    scan = resample_img(load_mni152_template(resolution=1), affine, (205, 160, 150), interpolation="linear")
    white = load_mni152_wm_mask(resolution=1)
    voxels = np.indices(white.shape).reshape(3, -1).T
    left = nibabel.affines.apply_affine(white.affine, voxels)[:, 0].reshape(white.shape) < 0
    sides = np.where(np.asarray(white.dataobj) > 0, np.where(left, 1, 2), 0)
    return scan, nibabel.Nifti1Image(sides.astype(np.uint8), white.affine)


def turned_torso() -> tuple[nibabel.Nifti1Image, nibabel.Nifti1Image]:
    """A synthetic torso stored with its axes down, right and back, and its organs on the grid it was made on."""
    made = synthetic_ct(6, spacing=(4, 5, 6), field_of_view="abdomen")  # its organs are found whole
    axes = nibabel.orientations.axcodes2ornt(("I", "R", "P"))
    classes = np.where(made.labels <= 10, made.labels, 0).astype(np.uint8)
    scan = nibabel.Nifti1Image(made.image, made.affine)
    return scan.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(made.affine), axes)), (
        nibabel.Nifti1Image(classes, made.affine)
    )


def test_mask_lies_where_the_anatomy_is_in_mm(studies, server, tmp_path):
    brain = server.bundle.name.startswith("brain")
    scan, truth = turned_brain() if brain else turned_torso()
    with studies.added("turned", scan) as case:
        mask = server.infer(case, tmp_path / "mask.nii.gz")
    if brain:
        white = [
            [STRUCTURES.index(f"{side} {part} white matter") for part in ("cerebral", "cerebellum")]
            for side in ("left", "right")
        ]
        classes = np.asarray(mask.dataobj)
        mask = nibabel.Nifti1Image(
            np.select([np.isin(classes, indices) for indices in white], [1, 2]).astype(np.uint8), mask.affine
        )
    for index in (1, 2) if brain else (1, 3, 4):  # white matter of either side, or liver and kidneys
        assert dice_in_world(mask, truth, [index]) > 0.7
        np.testing.assert_allclose(centroid(mask, index), centroid(truth, index), atol=4)


def real_brain(folder: Path) -> tuple[nibabel.Nifti1Image, nibabel.Nifti1Image]:
    scan, label = (nibabel.load(next((folder / part).glob("1008*"))) for part in ("images", "labels"))
    classes = label_protocol("neuromorphometrics", BRAIN_STRUCTURES).to_classes(np.asarray(label.dataobj))
    return scan, nibabel.Nifti1Image(classes.astype(np.uint8), label.affine)


def real_torso(folder: Path) -> tuple[nibabel.Nifti1Image, nibabel.Nifti1Image]:
    scan, label = (
        nibabel.load(folder / f"{name}.nii.gz") for name in ("image_example_ct", "label_example_ct_totalseg117")
    )
    numbers = {5: 1, 1: 2, 2: 3, 3: 4}  # liver, spleen, kidneys
    labels = np.asarray(label.dataobj)
    classes = np.select([labels == number for number in numbers], list(numbers.values()))
    return scan, nibabel.Nifti1Image(classes.astype(np.uint8), label.affine)


def test_mask_of_a_real_scan_is_where_it_should_be(studies, server, request, tmp_path):
    if server.bundle.name.startswith("brain"):
        scan, truth = real_brain(request.getfixturevalue("malc2012"))
        limits = dict.fromkeys((1, 2, 14, 15), (0.85, 2))
    else:
        scan, truth = real_torso(request.getfixturevalue("example_ct"))
        limits = {1: (0.72, 18), 3: (0.85, 4), 4: (0.85, 4)}
    with studies.added("real", scan) as case:
        mask = server.infer(case, tmp_path / "mask.nii.gz")
    for index, (dice, mm) in limits.items():
        assert dice_in_world(mask, truth, [index]) > dice
        assert np.linalg.norm(centroid(mask, index) - centroid(truth, index)) < mm


def train_and_infer(studies: Studies, case: str, val_split: float, folder: Path) -> tuple[np.ndarray, str]:
    """Train, check that the server uses the new weights, and return a mask and what the server logged."""
    server = studies.server
    folder.mkdir()
    old, logged = digest(server.weights), len(server.log.read_text())
    answer = server.train(val_split=val_split)
    assert answer.status_code == 200, server.log.read_text()[-3000:]
    assert digest(server.weights) != old
    shipped, trained = (
        torch.load(file, weights_only=True) for file in (server.bundle / "models/model.pt", server.weights)
    )
    assert {key: value.shape for key, value in trained.items()} == {key: value.shape for key, value in shipped.items()}
    mask = assert_mask_of_command_line(studies, case, folder, ckpt_path=server.weights)
    return np.asarray(mask.dataobj), server.log.read_text()[logged:]


def test_trains_with_one_and_with_three_labels_and_uses_the_new_weights(studies, server, tmp_path):
    shipped = digest(server.bundle / "models" / "model.pt")
    before = np.asarray(server.infer("case1", tmp_path / "before.nii.gz").dataobj)
    studies.save_label("case0", studies.truth["case0"], tmp_path)
    one, logged = train_and_infer(studies, "case1", 0.2, tmp_path / "one")
    assert (one != before).any()
    assert "val_mean_dice" not in logged  # one label: nothing to validate with

    for case in ("case1", "case2"):
        studies.save_label(case, studies.truth[case], tmp_path)
    three, logged = train_and_infer(studies, "case1", 0.34, tmp_path / "three")
    assert (three != one).any()
    assert float(re.search(r"Metrics -- val_mean_dice: (\d\.\d+)", logged)[1]) > 0.4
    assert f"Best val_mean_dice of all epochs, saved {server.weights}" in logged
    assert digest(server.bundle / "models" / "model.pt") == shipped  # the bundle itself stays as it is


def test_scores_a_scan_without_label_and_offers_it_next(studies, server):
    with studies.added("unlabelled", nibabel.load(studies.folder / "case0.nii.gz")) as case:
        for _ in range(300):  # the server scores by itself after a label is saved
            answer = server.post(f"scoring/{server.model}?run_sync=true", json={"device": "cpu"})
            if answer.status_code != 429:
                break
            time.sleep(2)
        assert answer.status_code == 200, server.log.read_text()[-3000:]
        assert np.isfinite(server.get(f"datastore/image/info?image={case}")["epistemic_entropy"])
        assert server.post("activelearning/first", json={}).json()["id"] == case


def test_label_beyond_the_classes_is_refused_and_the_server_stays_up(studies, server, tmp_path):
    broken = studies.truth["case2"].copy()
    broken[0, 0, 0] = 77
    studies.save_label("case2", broken, tmp_path)
    weights = digest(server.weights)
    answer = server.train(val_split=0.0)
    assert answer.status_code == 500
    server.wait_for_log("label 77")
    assert digest(server.weights) == weights
    assert_mask_of_command_line(studies, "case1", tmp_path, ckpt_path=server.weights)
    studies.save_label("case2", studies.truth["case2"], tmp_path)
