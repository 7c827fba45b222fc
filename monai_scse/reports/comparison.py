"""How two segmentations of the same scan differ, structure by structure."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import IMAGE_SUFFIXES, case_name
from ..labels import LabelProtocol
from ..metrics import score_structures, structure_volumes
from ..runtime import InputError
from ..transforms import LoadScand
from ..transforms.scans import check_same_grid

if TYPE_CHECKING:
    from monai.data import MetaTensor

__all__ = ["MEASURES", "comparison_table", "pair_segmentations"]

#: The columns of a comparison behind case and structure.
MEASURES = ("dice", "hd95_mm", "volume_a_ml", "volume_b_ml", "difference_ml", "difference_percent")
_MM3_PER_ML = 1000


def _case_of(file: Path) -> str:
    return case_name(file).removesuffix("_seg").removesuffix(".seg")


def _segmentations(folder: Path) -> dict[str, Path]:
    """The segmentations of a folder by case. Of a scan and its ``<case>_seg`` the scan is left out."""
    files = sorted(file for file in folder.iterdir() if file.name.lower().endswith(IMAGE_SUFFIXES))
    named: dict[str, Path] = {}
    for file in sorted(files, key=lambda file: not case_name(file).endswith("_seg")):
        case = _case_of(file)
        other = named.setdefault(case, file)
        if other is not file and case_name(other) == case_name(file):
            raise InputError(f"{file}: same case name {case!r} as {other}; rename one of them.")
    if not named:
        raise InputError(f"{folder}: no segmentations found; give a folder with {', '.join(IMAGE_SUFFIXES)} files.")
    return dict(sorted(named.items()))


def pair_segmentations(first: Path, second: Path) -> tuple[dict[str, tuple[Path, Path]], list[Path]]:
    """The pairs of two files or two folders, and the files of the folders that have no partner.

    Args:
        first: a segmentation or a folder of them, ``<case>_seg.nii.gz`` and ``<case>.nii.gz`` alike.
        second: what it is compared with.

    Raises:
        InputError: when one is a file and the other a folder, or two folders have no case in common.

    Returns:
        the two files of each case, and those without a partner, sorted.
    """
    if first.is_dir() != second.is_dir():
        file, folder = (second, first) if first.is_dir() else (first, second)
        raise InputError(f"{file}: a file, and {folder} is a folder; give two files or two folders.")
    if not first.is_dir():
        return {_case_of(first): (first, second)}, []
    ours, theirs = _segmentations(first), _segmentations(second)
    pairs = {case: (file, theirs[case]) for case, file in ours.items() if case in theirs}
    if not pairs:
        raise InputError(f"{second}: has none of the cases of {first}, such as {next(iter(ours))}; name them alike.")
    alone = [*(ours[case] for case in ours if case not in theirs), *(theirs[case] for case in theirs.keys() - ours)]
    return pairs, sorted(alone)


def comparison_table(first: Path, second: Path, protocols: tuple[LabelProtocol, LabelProtocol]) -> list[dict[str, Any]]:
    """Dice, 95 % Hausdorff distance and volumes of every structure of two segmentations on one grid.

    Differences are second minus first, in percent of the mean of both. An entry is NaN where it is not defined: Dice
    and percent when a structure is absent from both, the distance when it is absent from either.

    Args:
        first: file of a segmentation.
        second: file of another.
        protocols: what the numbers of either mean. Both have the same structures.

    Returns:
        a row for each structure that both protocols know: structure and :data:`MEASURES`.

    Raises:
        InputError: when a file cannot be read, a number is none of its protocol, or the grids differ.
    """
    load = LoadScand(["a", "b"], image_key=None)
    volumes: dict[Any, MetaTensor] = load({"a": str(first), "b": str(second)})
    one, other = volumes["a"], volumes["b"]
    classes_a, classes_b = (
        protocol.to_classes(volume[0].numpy(), str(file))
        for protocol, volume, file in zip(protocols, (one, other), (first, second))
    )
    check_same_grid(other, one, other="the segmentation")
    affine = one.affine.numpy()[:3, :3]
    structures = protocols[0].structures
    scores = score_structures(classes_a, classes_b, len(structures), np.linalg.norm(affine, axis=0).tolist())
    sizes = [
        structure_volumes(classes, len(structures), abs(np.linalg.det(affine))) for classes in (classes_a, classes_b)
    ]
    known = set.intersection(*(set(protocol.class_of_label.values()) for protocol in protocols))
    rows = []
    for score, in_first, in_second in zip(scores, *sizes):
        if score.index not in known:
            continue
        volume_a, volume_b = in_first.volume_mm3 / _MM3_PER_ML, in_second.volume_mm3 / _MM3_PER_ML
        mean = (volume_a + volume_b) / 2
        rows.append(
            {
                "structure": structures[score.index].name,
                "dice": score.dice,
                "hd95_mm": score.hd95_mm,
                "volume_a_ml": volume_a,
                "volume_b_ml": volume_b,
                "difference_ml": volume_b - volume_a,
                "difference_percent": 100 * (volume_b - volume_a) / mean if mean else math.nan,
            }
        )
    return rows
