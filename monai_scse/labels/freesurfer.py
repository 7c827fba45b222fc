"""The numbers of FreeSurfer, which FastSurfer and SynthSeg use too.

They are those of its colour table (``FreeSurferColorLUT.txt``) that occur in ``aseg``, ``aparc+aseg`` of any atlas and
``wmparc``, and those of SynthSeg's label maps for training. What the 27 structures lack is background, such as the
inferior lateral ventricles and the accumbens. Three choices follow Neuromorphometrics, where none of these has a number
of its own: choroid plexus is lateral ventricle, corpus callosum and fornix are cerebral white matter, and so are
lesions and hypointensities in it. FreeSurfer counts corpus callosum and hypointensities as white matter too.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..runtime import InputError

__all__ = ["SUBCORTICAL_GREY", "freesurfer_numbering", "freesurfer_structure"]

#: The structures, their sides aside, that FreeSurfer counts as subcortical grey matter (SubCortGrayVol).
SUBCORTICAL_GREY = ("thalamus", "caudate", "putamen", "pallidum", "hippocampus", "amygdala", "ventral DC")

# structure: numbers of left and right in aseg, name in the colour table
_PAIRS = {
    "cerebral white matter": (2, 41, "Cerebral-White-Matter"),
    "cerebral cortex": (3, 42, "Cerebral-Cortex"),
    "lateral ventricle": (4, 43, "Lateral-Ventricle"),
    "cerebellum white matter": (7, 46, "Cerebellum-White-Matter"),
    "cerebellum cortex": (8, 47, "Cerebellum-Cortex"),
    "thalamus": (10, 49, "Thalamus"),
    "caudate": (11, 50, "Caudate"),
    "putamen": (12, 51, "Putamen"),
    "pallidum": (13, 52, "Pallidum"),
    "hippocampus": (17, 53, "Hippocampus"),
    "amygdala": (18, 54, "Amygdala"),
    "ventral DC": (28, 60, "VentralDC"),
}
_STRUCTURES = {
    "3rd ventricle": (14, "3rd-Ventricle"),
    "4th ventricle": (15, "4th-Ventricle"),
    "brainstem": (16, "Brain-Stem"),
    **{f"left {kind}": (left, f"Left-{name}") for kind, (left, _, name) in _PAIRS.items()},
    **{f"right {kind}": (right, f"Right-{name}") for kind, (_, right, name) in _PAIRS.items()},
}
# further numbers of left and right that are part of a structure
_PARTS: dict[str, list[tuple[Iterable[int], Iterable[int]]]] = {
    "cerebral cortex": [
        (range(1000, 1036), range(2000, 2036)),  # Desikan-Killiany, DKT
        (range(1100, 1182), range(2100, 2182)),  # Destrieux of 2005
        (range(11100, 11176), range(12100, 12176)),  # Destrieux of 2009
    ],
    "cerebral white matter": [
        (range(3000, 3036), range(4000, 4036)),  # wmparc, by the nearest parcel of the cortex
        (range(3100, 3182), range(4100, 4182)),
        (range(13100, 13176), range(14100, 14176)),
        ([5001], [5002]),  # too far from the cortex for a parcel
        ([25], [57]),  # lesion
        ([78], [79]),  # hypointensities
    ],
    "lateral ventricle": [
        ([31], [63]),  # choroid plexus
        ([136], [163]),  # within the ventricle, of SynthSeg
    ],
    "thalamus": [([9], [48])],  # of old versions
    "ventral DC": [([27], [59])],  # substantia nigra
}
# without a side: hypointensities, lesion, whole corpus callosum, its additional parts, fornix, its five parts
_WHITE_MATTER = [77, 99, 192, *range(230, 256)]
_BACKGROUND = [
    0,
    *(1, 40, 6, 45, 73, 74),  # outlines of old versions
    *(5, 44, 137, 164),  # inferior lateral ventricles
    *(24, 72, 122, 257),  # cerebrospinal fluid, fifth ventricle
    *(26, 58),  # accumbens
    *(29, 61, 30, 62, 80, 81, 82),  # undetermined, vessels, hypointensities outside white matter
    *(85, 98, 165, 258, 259),  # optic chiasm, dura, skull, head
    *range(500, 531),  # outside the brain, of SynthSeg
]


def freesurfer_numbering() -> dict[int, str]:
    """The numbers, and the structure that each belongs to: empty for others, without a side where it has none.

    Example:
        >>> numbering = freesurfer_numbering()
        >>> numbering[2035], numbering[251], numbering[26]
        ('right cerebral cortex', 'cerebral white matter', '')
    """
    names = {**dict.fromkeys(_BACKGROUND, ""), **dict.fromkeys(_WHITE_MATTER, "cerebral white matter")}
    names.update({number: name for name, (number, _) in _STRUCTURES.items()})
    for kind, parts in _PARTS.items():
        for left, right in parts:
            names.update(dict.fromkeys(left, f"left {kind}"))
            names.update(dict.fromkeys(right, f"right {kind}"))
    return names


def freesurfer_structure(name: str) -> tuple[int, str]:
    """Number in ``aseg`` and name in the colour table of a structure.

    Args:
        name: name of one of the 27 structures, or background.

    Raises:
        InputError: when FreeSurfer has no number for it.

    Example:
        >>> freesurfer_structure("left cerebral cortex")
        (3, 'Left-Cerebral-Cortex')
    """
    if name == "background":
        return 0, "Unknown"
    if name not in _STRUCTURES:
        raise InputError(f"structures: 'freesurfer' has no number for {name}; take a name that it has.")
    return _STRUCTURES[name]
