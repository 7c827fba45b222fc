"""MONAI's contract of dictionary transforms: inputs stay as they are, and entries may be missing where allowed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import MapTransform
from support.brain_structures import BRAIN_STRUCTURES

import monai_scse.transforms
from monai_scse import transforms as ours
from monai_scse.labels import organ_table
from monai_scse.synthetic.head_transforms import RandHeadTissued, RandWholeHeadd

ORGANS = [{"name": "liver", "colour": [1, 2, 3]}, {"name": "spleen", "colour": [4, 5, 6]}]
SHAPE = (1, 24, 20, 16)

Sample = dict[str, Any]


def volume(values: torch.Tensor, step: float = 8.0) -> MetaTensor:
    affine = torch.diag(torch.tensor([step, step, step, 1.0]))
    meta = {"filename_or_obj": "one.nii.gz", "confidence": {1: 0.5}}
    return MetaTensor(values, affine=affine, meta=meta)


def scan_of_a_body() -> torch.Tensor:
    scan = torch.full(SHAPE, -500.0)
    scan[:, 4:20, 4:16] = torch.rand(16, 12, 16) + 0.1
    return scan


def classes() -> torch.Tensor:
    label = torch.zeros(SHAPE)
    label[:, 6:10, 6:12, 4:10], label[:, 13:17, 6:12, 4:10] = 1, 2
    return label


def volumes(folder: Path) -> Sample:
    return {"image": volume(scan_of_a_body()), "pred": volume(classes())}


def confidences(folder: Path) -> Sample:
    three = torch.cat((classes(), torch.rand(SHAPE), classes()))
    return {"image": volume(scan_of_a_body()), "pred": volume(three)}


def slabs(folder: Path) -> Sample:
    label = torch.zeros(1, 24, 20)
    label[:, 6:18, 6:14] = 14
    label[:, 10:14, 8:12] = 12
    return {"image": torch.rand(5, 24, 20) * (label > 0), "label": label}


def files(folder: Path) -> Sample:
    paths = {"image": folder / "image.nii.gz", "pred": folder / "pred.nii.gz"}
    for path, voxels in ((paths["image"], scan_of_a_body()), (paths["pred"], classes())):
        nibabel.save(nibabel.Nifti1Image(voxels[0].numpy(), np.diag([8.0, 8, 8, 1])), path)
    return {name: str(path) for name, path in paths.items()}


def image_and_label_file(folder: Path) -> Sample:
    return {**volumes(folder), "pred": files(folder)["pred"]}


def middle(image: torch.Tensor) -> torch.Tensor:
    return classes() > 0


ADULT = {"min_volume_ml": {"liver": 300.0, "spleen": 30.0}, "names": ["background", "liver", "spleen"]}
WIDER = {
    "structures": BRAIN_STRUCTURES,
    "classes": [BRAIN_STRUCTURES[12].name],
    "shift_mm": (1, 2),
    "sigma_mm": 2.0,
    "prob": 1.0,
}
LESIONS = {
    "structures": BRAIN_STRUCTURES,
    "classes": [BRAIN_STRUCTURES[14].name],
    "ventricles": [BRAIN_STRUCTURES[12].name],
    "prob": 1.0,
}
#: transform, its other arguments, the entry that it works on, the sample
CASES: list[tuple[type[MapTransform], Sample, str, Callable[[Path], Sample]]] = [
    (ours.AntiAliasd, {"pixdim": (12, 12, 12)}, "image", volumes),
    (ours.BrainQCd, {"structures": BRAIN_STRUCTURES[:3]}, "pred", volumes),
    (ours.CheckHounsfieldd, {"hu_offset": 10.0}, "image", volumes),
    (ours.CheckLabelGridd, {}, "pred", volumes),
    (ours.ExtractBraind, {"find_brain": middle, "stripped_ml": 0.0}, "image", volumes),
    (ours.LoadOrganLabelsd, {"organs": ORGANS}, "pred", image_and_label_file),
    (ours.LoadScand, {}, "image", files),
    (ours.LoadScand, {}, "image", volumes),
    (ours.MapLabelsd, {"protocol": "classes", "structures": BRAIN_STRUCTURES}, "pred", volumes),
    (ours.OrganPartsQCd, {}, "pred", volumes),
    (ours.OrganShapeQCd, {"structures": organ_table(ORGANS)}, "pred", volumes),
    (ours.RandLateralFlipd, {"structures": BRAIN_STRUCTURES, "label_key": "label", "prob": 1.0}, "label", slabs),
    (ours.RandSlabTruncationd, {"prob": 1.0}, "image", slabs),
    (ours.RandStructureIntensityd, {"offset": 0.2, "num_classes": 28, "prob": 1.0}, "image", slabs),
    (ours.RandStructureSized, WIDER, "label", slabs),
    (ours.RandWhiteMatterLesionsd, LESIONS, "image", slabs),
    (ours.RecordConfidenced, {}, "pred", confidences),
    (ours.ResolveSidesd, {"pairs": [(1, 2)]}, "pred", volumes),
    (ours.SaveSegmentationd, {}, "pred", volumes),
    (ours.SpacingIgnoringExtraKeysd, {"pixdim": (12, 12, 12)}, "image", volumes),
    (ours.StackAdjacentSlicesd, {"num_slices": 3}, "image", volumes),
    (ours.TorsoQCd, ADULT, "pred", volumes),
    (RandHeadTissued, {"prob": 1.0}, "image", slabs),
    (RandWholeHeadd, {"spacing": (8.0, 8.0, 8.0), "prob": 1.0}, "image", lambda folder: {"image": classes()}),
]
EACH = pytest.mark.parametrize(
    ("kind", "options", "key", "make"), CASES, ids=[f"{kind.__name__}-{key}" for kind, _, key, _ in CASES]
)


def test_all_transforms_are_here() -> None:
    exported = {getattr(monai_scse.transforms, name) for name in monai_scse.transforms.__all__}
    listed = {kind for kind, *_ in CASES}
    assert {kind for kind in exported if isinstance(kind, type) and issubclass(kind, MapTransform)} <= listed


def same(first: Any, second: Any) -> bool:
    """Whether two entries hold the same, meta data included."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[name], second[name]) for name in first)
    if isinstance(first, MetaTensor):
        operations = (first.applied_operations, second.applied_operations)
        return (
            torch.equal(first.as_tensor(), second.as_tensor()) and same(first.meta, second.meta) and same(*operations)
        )
    if isinstance(first, (torch.Tensor, np.ndarray)):
        return bool((first == second).all())
    return bool(first == second)


def build(kind: type[MapTransform], keys: list[str], options: Sample, folder: Path, **more: Any) -> Any:
    needs_folder = {"output_dir": str(folder)} if kind is ours.SaveSegmentationd else {}
    transform = kind(keys, **options, **needs_folder, **more)
    return transform.set_random_state(0) if hasattr(transform, "set_random_state") else transform


@EACH
def test_input_stays_as_it_is(kind, options, key, make, tmp_path) -> None:
    sample = make(tmp_path)
    before = deepcopy(sample)
    result = build(kind, [key], options, tmp_path)(sample)
    assert same(sample, before)
    assert result is not sample


@EACH
def test_entry_may_be_missing_where_this_is_allowed(kind, options, key, make, tmp_path) -> None:
    sample = make(tmp_path)
    expected = build(kind, [key], options, tmp_path)(deepcopy(sample))
    found = build(kind, [key, "absent"], options, tmp_path, allow_missing_keys=True)(deepcopy(sample))
    assert found.keys() == expected.keys()
    for name, entry in expected.items():
        assert np.array_equal(found[name], entry)
    with pytest.raises(KeyError, match="absent"):
        build(kind, [key, "absent"], options, tmp_path)(deepcopy(sample))


@EACH
def test_result_shares_no_meta_data_with_its_input(kind, options, key, make, tmp_path) -> None:
    sample = make(tmp_path)
    before = deepcopy(sample)
    for name, entry in build(kind, [key], options, tmp_path)(sample).items():
        if isinstance(entry, MetaTensor) and entry is not sample.get(name):
            entry.meta["qc"] = {1: "later"}
    assert same(sample, before)
