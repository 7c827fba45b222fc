"""Volumes and intensities in the format of FreeSurfer's ``aseg.stats``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..labels import SUBCORTICAL_GREY, Structure, freesurfer_structure
from ..metrics import class_sizes, estimated_intracranial_volume

__all__ = ["aseg_stats"]

_COLUMNS = (
    *(("Index", "Index", "NA"), ("SegId", "Segmentation Id", "NA"), ("NVoxels", "Number of Voxels", "unitless")),
    *(("Volume_mm3", "Volume", "mm^3"), ("StructName", "Structure Name", "NA")),
    *(("normMean", "Intensity normMean", "unknown"), ("normStdDev", "Intensity normStdDev", "unknown")),
    *(("normMin", "Intensity normMin", "unknown"), ("normMax", "Intensity normMax", "unknown")),
    ("normRange", "Intensity normRange", "unknown"),
)
_VENTRICLES = ("lateral ventricle", "3rd ventricle", "4th ventricle")


def _measures(volume_of: dict[str, float], intracranial: float) -> list[str]:
    """The lines of the measures, each a sum of structures as in FreeSurfer, of those that there are."""

    def total(*kinds: str, sides: Sequence[str] = ("", "left ", "right ")) -> float:
        return sum(volume_of.get(f"{side}{kind}", 0.0) for kind in kinds for side in sides)

    brain = sum(volume_of.values()) - total("brainstem")  # FreeSurfer's brain volume has none
    grey = total("cerebral cortex", *SUBCORTICAL_GREY, "cerebellum cortex")
    left, right = (["left "], ["right "])
    rows = [
        ("BrainSeg", "BrainSegVol", "Brain Segmentation Volume", brain),
        (
            "BrainSegNotVent",
            "BrainSegVolNotVent",
            "Brain Segmentation Volume Without Ventricles",
            brain - total(*_VENTRICLES),
        ),
        (
            "lhCortex",
            "lhCortexVol",
            "Left hemisphere cortical gray matter volume",
            total("cerebral cortex", sides=left),
        ),
        (
            "rhCortex",
            "rhCortexVol",
            "Right hemisphere cortical gray matter volume",
            total("cerebral cortex", sides=right),
        ),
        ("Cortex", "CortexVol", "Total cortical gray matter volume", total("cerebral cortex")),
        (
            "lhCerebralWhiteMatter",
            "lhCerebralWhiteMatterVol",
            "Left hemisphere cerebral white matter volume",
            total("cerebral white matter", sides=left),
        ),
        (
            "rhCerebralWhiteMatter",
            "rhCerebralWhiteMatterVol",
            "Right hemisphere cerebral white matter volume",
            total("cerebral white matter", sides=right),
        ),
        (
            "CerebralWhiteMatter",
            "CerebralWhiteMatterVol",
            "Total cerebral white matter volume",
            total("cerebral white matter"),
        ),
        ("SubCortGray", "SubCortGrayVol", "Subcortical gray matter volume", total(*SUBCORTICAL_GREY)),
        ("TotalGray", "TotalGrayVol", "Total gray matter volume", grey),
    ]
    return [
        *(f"# Measure {name}, {key}, {what}, {volume:.6f}, mm^3" for name, key, what, volume in rows),
        "# Measure BrainSegVol-to-eTIV, BrainSegVol-to-eTIV, Ratio of BrainSegVol to eTIV, "
        f"{brain / intracranial:.6f}, unitless",
        f"# Measure EstimatedTotalIntraCranialVol, eTIV, Estimated Total Intracranial Volume, {intracranial:.6f}, mm^3",
    ]


def _intensities(values: np.ndarray) -> tuple[float, float, float, float, float]:
    """Mean, standard deviation of the sample, minimum, maximum and range. Zeros without values."""
    if not values.size:
        return 0.0, 0.0, 0.0, 0.0, 0.0
    values = values.astype(np.float64)
    deviation = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return float(values.mean()), deviation, float(values.min()), float(values.max()), float(np.ptp(values))


def aseg_stats(
    case: str, image: np.ndarray, classes: np.ndarray, voxel_mm: Sequence[float], structures: Sequence[Structure]
) -> str:
    """The content of ``aseg.stats``, which FreeSurfer's ``asegstats2table`` reads.

    Names and numbers are FreeSurfer's. All structures have a row, absent ones too. The measures count voxels of these
    structures, where FreeSurfer measures cortex and white matter between surfaces, and lack what the structures lack.
    The intracranial volume is :func:`monai_scse.metrics.estimated_intracranial_volume`, NaN where there is no estimate.

    Args:
        case: name of the case.
        image: intensities of the scan, (x, y, z). FreeSurfer has those of its normalised scan here.
        classes: class indices on the grid of the scan, same shape.
        voxel_mm: voxel size along each axis in mm.
        structures: the classes, index 0 is background.

    Raises:
        InputError: when FreeSurfer has no number for a structure.
    """
    voxel_mm3 = math.prod(voxel_mm)
    sizes = class_sizes(classes, len(structures))
    volume_of = {one.name: float(size * voxel_mm3) for one, size in zip(structures[1:], sizes[1:])}
    intracranial = estimated_intracranial_volume(classes, voxel_mm, structures)
    numbered = sorted((*freesurfer_structure(one.name), index) for index, one in enumerate(structures) if index)
    lines = [
        "# Title Segmentation Statistics",
        "#",
        "# generating_program monai_scse",
        "# anatomy_type volume",
        f"# subjectname {case}",
        *_measures(volume_of, intracranial),
        f"# VoxelVolume_mm3 {voxel_mm3:g}",
    ]
    for column, (header, field, units) in enumerate(_COLUMNS, start=1):
        lines += [f"# TableCol {column:2d} ColHeader {header}", f"# TableCol {column:2d} FieldName {field}"]
        lines += [f"# TableCol {column:2d} Units     {units}"]
    lines += [f"# NRows {len(numbered)}", f"# NTableCols {len(_COLUMNS)}"]
    lines += [f"# ColHeaders  {' '.join(header for header, *_ in _COLUMNS)}"]
    for row, (number, name, index) in enumerate(numbered, start=1):
        size = int(sizes[index])
        values = " ".join(f"{value:10.4f}" for value in _intensities(image[classes == index]))
        lines.append(f"{row:3d} {number:3d}  {size:8d} {size * voxel_mm3:10.1f}  {name:<30} {values}")
    return "\n".join(lines) + "\n"
