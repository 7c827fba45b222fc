"""Results in the places of BIDS: whole or not at all, and never among those of another program."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from support.bids_sets import describe, empty_set

from monai_scse.bids import BidsImage, Derivatives, find_images, write_group
from monai_scse.labels import structure_table
from monai_scse.runtime import InputError

STRUCTURES = structure_table(
    [
        {"name": "left cerebral cortex", "colour": [205, 62, 78]},
        {"name": "right ventral DC", "colour": [165, 42, 42]},
        {"name": "left claustrum", "colour": [0, 1, 255]},
    ]
)
VOLUMES = (
    "index,structure,voxels,volume_mm3,label,qc\n"
    "1,left cerebral cortex,4,8.0,3,\n"
    '2,right ventral DC,0,0.0,60,"removed, ""no\tvoxel"""\n'
    "3,left claustrum,1,2.0,138,\n"
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return empty_set(tmp_path / "study", "sub-1_ses-a_T1w.nii.gz", "sub-2_run-2_T1w.nii")


@pytest.fixture
def images(study: Path) -> list[BidsImage]:
    return find_images(study)


@pytest.fixture
def derivatives(study: Path, tmp_path: Path) -> Derivatives:
    return Derivatives(tmp_path / "out", study)


def results_of(image: BidsImage, work: Path) -> Path:
    """The files that a run of the bundle leaves."""
    work.mkdir(exist_ok=True)
    case = image.file.name.partition(".")[0]
    scan = nibabel.Nifti1Image(np.ones((3, 3, 3), dtype=np.uint8), np.diag([2, 1, 1.5, 1]))
    nibabel.save(scan, work / f"{case}_seg.nii.gz")
    (work / f"{case}_volumes.csv").write_text(VOLUMES)
    for ending in ("_overlay.png", "_report.html", "_aseg.stats", ".seg.nrrd"):
        (work / f"{case}{ending}").write_text(ending)
    (work / "volumes.csv").write_text("case\n")
    return work


def test_places_and_contents(derivatives: Derivatives, images: list[BidsImage], tmp_path: Path) -> None:
    derivatives.take(images[0], results_of(images[0], tmp_path / "work"), STRUCTURES)
    anat = tmp_path / "out/sub-1/ses-a/anat"
    stem = "sub-1_ses-a_desc-scse"
    assert {file.name for file in anat.iterdir()} == {
        *(f"{stem}_dseg{suffix}" for suffix in (".json", ".nii.gz", ".tsv")),
        f"{stem}_aseg.stats",
        f"{stem}.seg.nrrd",
    }
    assert {file.name: file.read_text() for file in (tmp_path / "out/sub-1/figures").iterdir()} == {
        f"{stem}_dseg.png": "_overlay.png",
        f"{stem}_report.html": "_report.html",
    }
    assert (anat / f"{stem}_dseg.tsv").read_text() == (
        "index\tname\tcolor\tmapping\tvoxels\tvolume_mm3\tqc\n"
        "3\tleft cerebral cortex\t#cd3e4e\t8\t4\t8.0\tn/a\n"
        '60\tright ventral DC\t#a52a2a\t9\t0\t0.0\tremoved, "no voxel"\n'
        "138\tleft claustrum\t#0001ff\tn/a\t1\t2.0\tn/a\n"
    )
    sidecar = json.loads((anat / f"{stem}_dseg.json").read_text())
    assert sidecar["Sources"] == ["bids:raw:sub-1/ses-a/anat/sub-1_ses-a_T1w.nii.gz"]
    assert sidecar["LabelMap"] == {"3": "left cerebral cortex", "60": "right ventral DC", "138": "left claustrum"}
    assert sidecar["Resolution"] == "The grid of the source, voxels of 2 x 1 x 1.5 mm"
    assert sidecar["volume_mm3"]["Units"] == "mm^3"
    assert derivatives.rows(images[0])[1]["qc"] == 'removed, "no voxel"'


def test_image_is_complete_with_its_last_file(
    derivatives: Derivatives, images: list[BidsImage], tmp_path: Path
) -> None:
    derivatives.take(images[0], results_of(images[0], tmp_path / "work"), STRUCTURES)
    assert [derivatives.is_complete(image) for image in images] == [True, False]
    (tmp_path / "out/sub-1/figures/sub-1_ses-a_desc-scse_dseg.png").unlink()
    (tmp_path / "out/sub-1/figures/sub-1_ses-a_desc-scse_dseg.png").mkdir()  # where a file cannot be moved
    with pytest.raises(InputError, match=r"_dseg\.png: cannot be written"):
        derivatives.take(images[0], results_of(images[0], tmp_path / "work"), STRUCTURES)
    assert not derivatives.is_complete(images[0])  # the table of the earlier run is not that of this segmentation


def test_description_names_program_and_source(derivatives: Derivatives, study: Path, tmp_path: Path) -> None:
    describe(study, DatasetDOI="doi:10.18112/x", DatasetVersion="2")
    derivatives.prepare()
    file = tmp_path / "out/dataset_description.json"
    description = json.loads(file.read_text())
    assert description["DatasetType"] == "derivative"
    assert [program["Name"] for program in description["GeneratedBy"]] == ["monai-scse"]
    source = {"URL": study.as_uri(), "DOI": "doi:10.18112/x", "Version": "2"}
    assert description["SourceDatasets"] == [source]
    assert description["DatasetLinks"] == {"raw": study.as_uri()}
    (tmp_path / "out/README.md").write_text("notes of the user")
    derivatives.prepare()
    assert (tmp_path / "out/README.md").read_text() == "notes of the user"


def test_another_version_of_the_program_is_added(derivatives: Derivatives, tmp_path: Path) -> None:
    earlier = {"Name": "monai-scse", "Version": "0.0.1"}
    describe(tmp_path / "out", GeneratedBy=[earlier])
    derivatives.prepare()
    programs = json.loads((tmp_path / "out/dataset_description.json").read_text())["GeneratedBy"]
    assert programs[0] == earlier
    assert [program["Name"] for program in programs] == ["monai-scse"] * 2


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"GeneratedBy": [{"Name": "fMRIPrep", "Version": "25"}]}, "holds a data set of fMRIPrep; choose another"),
        ({}, "holds a data set of Phantoms; choose another folder"),
        ({"GeneratedBy": "me"}, "holds a data set of Phantoms; choose another folder"),
    ],
)
@pytest.mark.situation("OUT_DIR of bids holds results of another program", "refused in one line")
def test_folder_of_another_program(
    derivatives: Derivatives, tmp_path: Path, entries: dict[str, object], message: str
) -> None:
    describe(tmp_path / "out", **entries)
    with pytest.raises(InputError, match=message):
        derivatives.prepare()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["dataset_description.json"]


def test_group_has_a_column_for_each_entity(derivatives: Derivatives, images: list[BidsImage], tmp_path: Path) -> None:
    for image in images:
        derivatives.take(image, results_of(image, tmp_path / "work"), STRUCTURES)
    table, missing = write_group(derivatives, images)
    lines = [line.split("\t") for line in table.read_text().splitlines()]
    assert lines[0][:5] == ["participant_id", "session_id", "run", "index", "name"]
    assert lines[1][:5] == ["sub-1", "ses-a", "n/a", "3", "left cerebral cortex"]
    assert lines[4][:5] == ["sub-2", "n/a", "2", "3", "left cerebral cortex"]
    assert (len(lines), missing) == (7, [])
