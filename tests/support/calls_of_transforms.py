"""Calls of public transforms, labels and losses, whose arguments are replaced by odd values."""

from __future__ import annotations

from collections.abc import Callable

import torch
from monai.data import MetaTensor

from monai_scse import labels, losses, transforms

from .calls import ORGANS, STRUCTURES, TABLE, Call, label, scan

MODULES = ["transforms", "labels", "losses"]
EXCEPTIONS = {
    "transforms.SpacingIgnoringExtraKeysd": "has the arguments of MONAI's Spacingd",
    "transforms.file_of": "takes any object",
    "transforms.tissue_ml": "takes a volume alone",
    "labels.LabelProtocol": "carries values that label_protocol and organ_protocol check",
    "labels.Organ": "carries values that organ_table checks",
    "labels.Structure": "carries values that structure_table checks",
    "labels.mirrored_classes": "takes structures alone",
    "labels.side_pairs": "takes structures alone",
    "labels.structure_codes": "takes a structure alone",
    "labels.freesurfer_structure": "takes the name of a structure, and shows it in its refusal",
    "labels.unknown_classes": "takes a label alone",
    "losses.LogitAdjustedLoss": "takes objects alone",
    "losses.PartialLabelLoss": "takes objects alone",
    "losses.SegmentationCrossEntropyLoss": "has the arguments of its base class in PyTorch",
}


def _volume(name: str, **fixed: object) -> Callable[..., None]:
    def works(**arguments: object) -> None:
        kind = getattr(transforms, name)
        sample = kind(keys="pred", **fixed, **arguments)({"image": scan(), "pred": label(), "label": label()})
        assert sample["pred"].shape[1:] == (9, 8, 7)
        assert sample["pred"].isfinite().all()

    return works


def _slice(name: str, keys: list[str], **fixed: object) -> Callable[..., None]:
    def works(**arguments: object) -> None:
        transform = getattr(transforms, name)(keys=keys, **fixed, **arguments)
        for _ in range(2):
            sample = transform({"image": scan()[..., 3], "label": label()[..., 3]})
            assert sample["image"].shape == (1, 9, 8)
            assert sample["image"].isfinite().all()

    return works


def _confidence(**arguments: object) -> None:
    pred = MetaTensor(torch.cat((label(), scan())), affine=scan().affine)
    noted = transforms.RecordConfidenced("pred", **arguments)({"pred": pred})["pred"]
    assert all(0 <= confidence <= 1 for confidence in noted.meta["confidence"].values())


def _load(**arguments: object) -> None:
    assert transforms.LoadScand("image", **arguments)({"image": scan()})["image"].shape == (1, 9, 8, 7)


def _resample(**arguments: object) -> None:
    resampled = transforms.LeanResample(**arguments)(scan(), dst_affine=torch.eye(4), spatial_size=(9, 16, 21))
    assert resampled.shape == (1, 9, 16, 21)


def _extract(**arguments: object) -> None:
    head = torch.zeros(1, 30, 30, 30)
    head[:, 5:25, 5:25, 5:25] = torch.rand(1, 20, 20, 20) + 1
    image = MetaTensor(head, affine=torch.diag(torch.tensor([3.0, 3, 3, 1])))
    extract = transforms.ExtractBraind("image", find_brain=lambda image: image > 0, **arguments)
    assert extract({"image": image})["image"].isfinite().all()


def _organ_labels(**arguments: object) -> None:
    transform = transforms.LoadOrganLabelsd("label", **arguments)
    assert transform({"label": {}, "image": scan()})["label"].shape == (1, 9, 8, 7)


def _structures(**entry: object) -> None:
    for table in (labels.structure_table, labels.organ_table):
        assert table([entry])[1].name == entry["name"]


def _organs(**entry: object) -> None:
    (_, organ) = labels.organ_table([{"name": "liver", "colour": [0, 0, 9], **entry}])
    assert organ.min_volume_ml >= 0


RANDOM = {"prob": 1.0}
SIDED = {"structures": STRUCTURES}
FLAG = {"resolve_sides": True, "keep_largest": True, "fill_holes": True, "check_plausible": True}
CALLS = {
    "transforms.AntiAliasd": Call(_volume("AntiAliasd"), {"pixdim": (2, 3, 4)}),
    "transforms.CheckHounsfieldd": Call(_volume("CheckHounsfieldd"), {"hu_offset": 0.0}),
    "transforms.CheckLabelGridd": Call(_volume("CheckLabelGridd"), {}, ("image_key",)),
    "transforms.ExtractBraind": Call(_extract, {"mask_dir": None, "masks_by_folder": False, "stripped_ml": 2200.0}),
    "transforms.LeanResample": Call(_resample, {"slab_voxels": 10}),
    "transforms.LoadOrganLabelsd": Call(_organ_labels, {"organs": ORGANS, "label_numbers": "classes"}, ("image_key",)),
    "transforms.LoadScand": Call(_load, {"max_size_mm": 5000.0, "min_slices": 1, "image_key": "image"}),
    "transforms.MapLabelsd": Call(_volume("MapLabelsd", **SIDED), {"protocol": "classes"}),
    "transforms.StackAdjacentSlicesd": Call(_volume("StackAdjacentSlicesd"), {"num_slices": 3, "spatial_dim": 1}),
    "transforms.RandLateralFlipd": Call(
        _slice("RandLateralFlipd", ["image", "label"], **SIDED),
        {"spatial_axis": 0, "label_key": "label", **RANDOM},
    ),
    "transforms.RandSlabTruncationd": Call(_slice("RandSlabTruncationd", ["image"]), RANDOM),
    "transforms.RandStructureIntensityd": Call(
        _slice("RandStructureIntensityd", ["image"], alike=STRUCTURES),
        {"offset": 0.1, "num_classes": 4, "sigma": 1.0, **RANDOM},
        ("label_key",),
    ),
    "transforms.RandStructureSized": Call(
        _slice("RandStructureSized", ["image", "label"], **SIDED),
        {"classes": ["liver"], "shift_mm": (0, 1), "sigma_mm": 3.0, "spacing": 1.0, "label_key": "label", **RANDOM},
    ),
    "transforms.RandWhiteMatterLesionsd": Call(
        _slice("RandWhiteMatterLesionsd", ["image"], **SIDED),
        {
            **{"classes": ["liver"], "ventricles": ["left lung"], "share": (0, 0.2), "darker": (0.1, 0.3)},
            **{"patch_mm": 6.0, "spacing": 1.0, **RANDOM},
        },
        ("label_key",),
    ),
    "transforms.BrainQCd": Call(
        _volume("BrainQCd", **SIDED),
        {
            **{"brain_ml": (0, 2000), "cut_cm2": 6.0, "asymmetry": 0.6, "min_mean_confidence": 0.9, "t1_only": True},
            "any_weights": "any.pt",
            "min_sureness": {"confidence": 0.8},
        },
    ),
    "transforms.RecordConfidenced": Call(_confidence, {"image_key": "image", "inside_mm": 6.0}),
    "transforms.OrganPartsQCd": Call(_volume("OrganPartsQCd"), {"min_share": 0.05, "min_ml": 2.0}, ("image_key",)),
    "transforms.OrganShapeQCd": Call(
        _volume("OrganShapeQCd", structures=TABLE),
        {
            **{"body_threshold": 0.0, "bone_threshold": 0.85},
            **{"max_unsure_inside": 0.02, "min_inside_ml": 50.0},
        },
        ("image_key",),
    ),
    "transforms.TorsoQCd": Call(
        _volume("TorsoQCd", names=["background", "liver"]),
        {"min_volume_ml": {"liver": 1}, "body_threshold": 0.0, "fat": (0.1, 0.3), "min_confidence": 0.8},
        ("image_key",),
    ),
    "transforms.ResolveSidesd": Call(
        _volume("ResolveSidesd"), {"pairs": [(3, 2)], "body_threshold": 0.0, "margin_mm": 1.0}, ("image_key",)
    ),
    "transforms.SaveSegmentationd": Call(
        lambda **arguments: transforms.SaveSegmentationd("pred", **arguments), {"output_dir": "out"}
    ),
    "transforms.organ_cleaning": Call(
        lambda **arguments: transforms.organ_cleaning(TABLE, **arguments)({"image": scan(), "pred": label()}),
        {"window": (-200, 300), **FLAG},
    ),
    "labels.label_protocol": Call(
        lambda label_protocol: labels.label_protocol(label_protocol, STRUCTURES), {"label_protocol": "classes"}
    ),
    "labels.output_numbers": Call(
        lambda output_labels: labels.output_numbers(output_labels, STRUCTURES), {"output_labels": "classes"}
    ),
    "labels.organ_protocol": Call(
        lambda label_numbers: labels.organ_protocol(TABLE, label_numbers), {"label_numbers": "hospital"}
    ),
    "labels.structure_table": Call(
        _structures, {"name": "liver", "colour": [0, 0, 9], "snomed": "1", "volume_ml": [1, 2, 3]}
    ),
    "labels.organ_table": Call(
        _organs,
        {"visceral": [58], "totalsegmentator": ["liver"], "min_volume_ml": 0.0, "max_volume_ml": 9.0}
        | {"many_parts": False, "places": ["lung"], "hospital": [5]},
    ),
    "labels.mark_unknown_classes": Call(
        lambda unknown: labels.mark_unknown_classes(label().int(), unknown), {"unknown": [1]}
    ),
    "losses.median_frequency_weights": Call(
        lambda num_classes: losses.median_frequency_weights([label()], num_classes), {"num_classes": 4}
    ),
}
