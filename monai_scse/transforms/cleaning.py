"""Postprocessing of the organs that a network finds in a CT scan."""

from __future__ import annotations

from collections.abc import Sequence

from monai.transforms import Compose, FillHolesd, KeepLargestConnectedComponentd, MapTransform

from ..labels import Organ, side_pairs
from ..runtime import InputError
from ..runtime.arguments import check_range, flag_of
from .organ_parts import OrganPartsQCd
from .organ_shape import OrganShapeQCd
from .plausibility import TorsoQCd
from .sides import ResolveSidesd

__all__ = ["organ_cleaning"]

_BODY_HU = -200.0
_FAT_HU = (-150.0, -30.0)
_BONE_HU = 225.0


def _scaled(hu: float, window: Sequence[float]) -> float:
    low, high = window
    return (hu - low) / (high - low)


def organ_cleaning(
    structures: Sequence[Organ],
    window: Sequence[float],
    keys: str | Sequence[str] = "pred",
    resolve_sides: bool | str = False,
    keep_largest: bool | str = True,
    fill_holes: bool | str = False,
    check_plausible: bool | str = True,
) -> Compose:
    """The steps that clean a segmentation of organs, in their order.

    Each step is switched by a boolean or by a word such as ``"true"``.

    Args:
        structures: the classes, index 0 is background: see :func:`monai_scse.labels.organ_table`.
        window: lowest and highest Hounsfield unit of the scan, which is scaled to [0, 1].
        keys: class indices, (1, x, y, z).
        resolve_sides: whether parts of paired organs get the name of the side they lie on.
        keep_largest: whether only the largest part stays of each organ that has no ``many_parts``.
        fill_holes: whether holes within an organ are filled.
        check_plausible: whether :class:`monai_scse.transforms.TorsoQCd` empties or notes what cannot be right, and
            :class:`monai_scse.transforms.OrganPartsQCd` and :class:`monai_scse.transforms.OrganShapeQCd` note what is
            in doubt.

    Example:
        >>> from monai_scse.labels import organ_table
        >>> table = organ_table([{"name": "liver", "colour": [221, 130, 101]}])
        >>> [type(step).__name__ for step in organ_cleaning(table, window=(-200, 300)).transforms]
        ['OrganPartsQCd', 'KeepLargestConnectedComponentd', 'TorsoQCd', 'OrganShapeQCd']
    """
    check_range("window", window)
    if window[0] == window[1]:
        raise InputError(f"window must be two different values, got {window!r}.")
    body_threshold = max(0.0, _scaled(_BODY_HU, window))
    one_part = [index for index, organ in enumerate(structures) if index and not organ.many_parts]
    steps: list[MapTransform] = []
    if flag_of("resolve_sides", resolve_sides):
        steps.append(ResolveSidesd(keys, side_pairs(structures), body_threshold=body_threshold))
    plausible = flag_of("check_plausible", check_plausible)
    if plausible:
        steps.append(OrganPartsQCd(keys))
    if flag_of("keep_largest", keep_largest):
        steps.append(KeepLargestConnectedComponentd(keys, applied_labels=one_part, is_onehot=False))
    if flag_of("fill_holes", fill_holes):
        steps.append(FillHolesd(keys, applied_labels=list(range(1, len(structures)))))
    if plausible:
        names = [organ.name for organ in structures]
        volumes = {organ.name: organ.min_volume_ml for organ in structures}
        low, high, bone = (_scaled(hu, window) for hu in (*_FAT_HU, _BONE_HU))
        steps.append(TorsoQCd(keys, names, volumes, body_threshold=body_threshold, fat=(low, high)))
        steps.append(OrganShapeQCd(keys, structures, body_threshold=body_threshold, bone_threshold=min(bone, 0.99)))
    return Compose(steps)
