"""``.seg.nrrd``, read back by slicerio, the library of 3D Slicer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import itk
import nibabel
import numpy as np
import pytest
import slicerio
import torch
from monai.data import MetaTensor
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.handlers import SlicerSegmentation
from monai_scse.labels import organ_table, output_numbers
from monai_scse.transforms import SaveSegmentationd

TILTED = np.array([[-1.2, 0.1, 0, 30], [0.08, 1.1, -0.1, -25], [0, 0.1, 1.3, -20], [0, 0, 0, 1]])
ORGANS = organ_table(
    [{"name": "liver", "colour": [221, 130, 101], "snomed": "10200004"}, {"name": "my organ", "colour": [1, 2, 3]}]
)


def save(folder: Path, structures, numbers=None) -> Path:
    classes = torch.randint(0, len(structures), (1, 5, 6, 7), generator=torch.Generator().manual_seed(0))
    pred = MetaTensor(classes.float(), affine=torch.from_numpy(TILTED), meta={"filename_or_obj": "scans/case.nii.gz"})
    output = SaveSegmentationd("pred", str(folder), numbers)({"pred": pred})
    SlicerSegmentation(str(folder), structures).save_batch(SimpleNamespace(state=SimpleNamespace(output=[output])))
    return folder / "case.seg.nrrd"


@pytest.mark.parametrize("labels", ["classes", "freesurfer"])
def test_voxels_are_those_of_the_nifti_file_in_the_same_place(tmp_path: Path, labels: str) -> None:
    found = slicerio.read_segmentation(str(save(tmp_path, BRAIN_STRUCTURES, output_numbers(labels, BRAIN_STRUCTURES))))
    nifti = nibabel.load(tmp_path / "case_seg.nii.gz")
    np.testing.assert_array_equal(found["voxels"], np.asarray(nifti.dataobj))
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ found["ijkToLPS"], TILTED, atol=1e-9)


def test_itk_finds_it_where_the_nifti_file_is(tmp_path: Path) -> None:
    ours = itk.imread(str(save(tmp_path, ORGANS)))
    nifti = itk.imread(str(tmp_path / "case_seg.nii.gz"))
    np.testing.assert_array_equal(itk.array_view_from_image(ours), itk.array_view_from_image(nifti))
    np.testing.assert_allclose(list(itk.origin(ours)), list(itk.origin(nifti)), atol=1e-4)
    np.testing.assert_allclose(list(itk.spacing(ours)), list(itk.spacing(nifti)), atol=1e-4)


def test_segments_have_names_numbers_and_colours(tmp_path: Path) -> None:
    numbers = output_numbers("freesurfer", BRAIN_STRUCTURES)
    found = slicerio.read_segmentation(str(save(tmp_path, BRAIN_STRUCTURES, numbers)))
    assert slicerio.segment_names(found) == [structure.name for structure in BRAIN_STRUCTURES[1:]]
    assert [segment["labelValue"] for segment in found["segments"]] == numbers[1:]
    colours = [np.rint(np.array(segment["color"]) * 255).astype(int).tolist() for segment in found["segments"]]
    assert colours == [list(structure.colour) for structure in BRAIN_STRUCTURES[1:]]


def test_terms_name_structure_and_side(tmp_path: Path) -> None:
    found = slicerio.read_segmentation(str(save(tmp_path, BRAIN_STRUCTURES)))
    terms = {segment["name"]: segment["terminology"] for segment in found["segments"]}
    assert terms["left thalamus"]["type"] == ["SCT", "42695009", "Thalamus"]
    assert terms["left thalamus"]["typeModifier"] == ["SCT", "7771000", "Left"]
    assert terms["right ventral DC"]["type"] == ["DCM", "110700", "Ventral DC"]
    assert "typeModifier" not in terms["brainstem"]
    assert {tuple(term["category"]) for term in terms.values()} == {("SCT", "123037004", "Anatomical Structure")}


def test_a_structure_without_a_code_is_an_anatomical_structure(tmp_path: Path) -> None:
    found = slicerio.read_segmentation(str(save(tmp_path, ORGANS)))
    assert [segment["terminology"]["type"][1] for segment in found["segments"]] == ["10200004", "123037004"]
