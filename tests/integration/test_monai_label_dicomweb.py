"""A MONAI Label server whose scans lie in Orthanc, reached through DICOMweb. Run by `make test-label`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pytest
import requests
from support.brain_structures import BRAIN_STRUCTURES
from support.bundle_command import run_bundle
from support.dicom_files import write_dicom_series
from support.label_server import BUNDLES, Server, dice_in_world, free_port, needs_monai_label, serve, wait_until_up

from monai_scse.visualize import save_overlay

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")

pytestmark = [
    needs_monai_label,
    pytest.mark.skipif(
        not (shutil.which("Orthanc") and PLUGIN.is_file()),
        reason="Orthanc is not there; apt-get install orthanc orthanc-dicomweb",
    ),
]


@dataclass
class Archive:
    """Orthanc with one T1 scan of the head in it."""

    url: str
    scan: Path
    series: str

    def instances(self, modality: str) -> list[str]:
        query = {"Level": "Instance", "Query": {"Modality": modality}}
        return requests.post(f"{self.url}/tools/find", json=query, timeout=60).json()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("orthanc")
    port = free_port()
    settings = {
        "HttpPort": port,
        "RemoteAccessAllowed": False,
        "DicomServerEnabled": False,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    log, url = folder / "orthanc.log", f"http://127.0.0.1:{port}"
    with log.open("w") as stream:
        process = subprocess.Popen(["Orthanc", str(folder / "orthanc.json")], stdout=stream, stderr=stream)
    try:
        wait_until_up(f"{url}/system", process, log)
        series = write_head(folder / "scan")
        for file in (folder / "scan").iterdir():
            requests.post(f"{url}/instances", data=file.read_bytes(), timeout=60).raise_for_status()
        yield Archive(url, folder / "scan", series)
    finally:
        process.terminate()
        process.wait(timeout=60)


def write_head(folder: Path) -> str:
    """The ICBM 152 template as a series of sagittal slices, the middle of the brain away from that of the scan."""
    from nilearn.datasets import load_mni152_template

    template = load_mni152_template(resolution=2)
    axes = nibabel.orientations.axcodes2ornt(("P", "I", "L"))  # columns, rows, slices
    turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(template.affine), axes)
    volume = np.pad(template.as_reoriented(turn).get_fdata(), ((0, 20), (10, 0), (0, 0)))
    affine = template.as_reoriented(turn).affine @ nibabel.affines.from_matvec(np.eye(3), [0, -10, 0])
    start, step = np.diag([-1, -1, 1]) @ affine[:3, 3], np.diag([-1, -1, 1]) @ affine[:3, 2]
    return write_dicom_series(
        folder,
        volume / volume.max() * 1000,
        (2, 2, 2),
        description="T1w",
        modality="MR",
        rescale_intercept=0,
        positions=[start + number * step for number in range(volume.shape[2])],
        orientation=(0, 1, 0, 0, 0, -1),
    )


def draw(mask: nibabel.Nifti1Image, scan: Path, picture: Path) -> None:
    """The picture in docs/integrations."""
    classes = np.asarray(mask.dataobj).astype(np.uint8)
    save_overlay(picture, nibabel.load(scan).get_fdata(), classes, mask.affine, BRAIN_STRUCTURES, "ICBM 152 template")


@pytest.fixture(scope="module")
def server(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("monai label dicomweb")
    with serve(BUNDLES["brain_mri"], f"{archive.url}/dicom-web", folder) as served:
        yield served


def test_mask_comes_from_the_archive_and_its_edit_goes_back_as_dicom_seg(archive, server, tmp_path):
    assert server.get("datastore/")["total"] == 1  # the series is found: the filter is MR
    mask = server.infer(archive.series, tmp_path / "mask.nii.gz")
    draw(mask, next(server.log.parent.glob(f"app/dicom/*/{archive.series}.nii.gz")), tmp_path / "monai_label.png")

    # the command line reads the same files itself
    out = tmp_path / "out"
    done = run_bundle(
        server.bundle, "inference.json", cwd=tmp_path, dataset_dir=archive.scan, output_dir=out, device="cpu"
    )
    assert done.returncode == 0, done.stderr
    expected = nibabel.load(next(out.glob("scan_seg.nii.gz")))
    found = np.unique(np.asarray(expected.dataobj))
    assert len(found) > 20
    assert dice_in_world(mask, expected, [index for index in found if index]) > 0.99

    # an edit: what lies in front of the ears has no label, nor has a structure in the middle of the list
    classes = np.asarray(mask.dataobj).astype(np.uint8)
    world = nibabel.affines.apply_affine(mask.affine, np.indices(classes.shape).reshape(3, -1).T)
    classes[(world[:, 1] > 0).reshape(classes.shape)] = 0
    classes[classes == found[5]] = 0
    edited = nibabel.Nifti1Image(classes, mask.affine)
    nibabel.save(edited, tmp_path / "edited.nii.gz")
    names = {index: name for name, index in server.get("info/")["models"][server.model]["labels"].items()}
    present = [int(index) for index in np.unique(classes) if index]
    # one entry a class in the label, in the order of the classes
    params = {"label_info": [{"name": names[index], "model_name": "scSE"} for index in present]}
    answer = server.save_label(archive.series, tmp_path / "edited.nii.gz", params)
    assert answer.status_code == 200, server.log.read_text()[-3000:]

    (instance,) = archive.instances("SEG")
    (tmp_path / "seg.dcm").write_bytes(requests.get(f"{archive.url}/instances/{instance}/file", timeout=60).content)
    seg = highdicom.seg.segread(tmp_path / "seg.dcm")
    assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == archive.series
    assert [segment.SegmentLabel for segment in seg.SegmentSequence] == [names[index] for index in present]
    volume = seg.get_volume(combine_segments=True)
    stored = np.concatenate([[0], present])[volume.array].astype(np.uint8)  # segments are numbered 1, 2, 3 ...
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    stored = nibabel.Nifti1Image(stored, to_ras @ volume.affine)
    for index in present:
        assert dice_in_world(stored, edited, [index]) > 0.999


def test_training_uses_the_edit(archive, server):
    weights = server.weights.read_bytes()
    answer = server.train(val_split=0.0)
    assert answer.status_code == 200, server.log.read_text()[-3000:]
    assert server.weights.read_bytes() != weights
