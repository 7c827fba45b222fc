"""Quality control of a torso: organs that are too large, lie where they cannot, or hide something else are flagged."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import MapTransform

from ..labels.organs import Organ
from ..runtime.arguments import check_name, check_number
from .confidence import UNSURE_INSIDE_KEY
from .landmarks import diaphragm_height, hip_crest_height
from .plausibility import note_doubts, torso

__all__ = ["OrganShapeQCd"]

_COARSE_MM = 6.0  # voxels in a slice in which bone and air are looked at


@dataclass(frozen=True)
class _Torso:
    """Classes and landmarks. All arrays are (x, y, z), x from side to side, z up."""

    classes: np.ndarray
    spacing: np.ndarray
    lungs: np.ndarray
    no_lung_ml: np.ndarray  # air in the body that belongs to no class, for each slice
    diaphragm: int | None
    hip_crest: int | None

    def ml(self, voxels: np.ndarray) -> float:
        return float(np.count_nonzero(voxels) * self.spacing.prod()) / 1000

    def cm(self, slices: float) -> float:
        return float(slices * self.spacing[2]) / 10


def _lung_left_out(torso: _Torso, organ: np.ndarray) -> Iterator[str]:
    """Air above the middle of the lungs that is called nothing. The windpipe is some of it."""
    heights = np.cumsum(torso.lungs.sum(axis=(0, 1)))
    middle = int(np.searchsorted(heights, heights[-1] / 2))
    if (left_out := float(torso.no_lung_ml[middle:].sum())) > 150:
        yield f"{left_out:.0f} ml of air above the middle of the lungs are no lung, at most 150 ml expected"


def _below_the_diaphragm(torso: _Torso, organ: np.ndarray) -> Iterator[str]:
    if torso.diaphragm is not None and (above := torso.ml(organ[..., torso.diaphragm :])) > 2:
        yield f"{above:.1f} ml lie above the diaphragm, none expected"


def _above_the_pelvis(torso: _Torso, organ: np.ndarray) -> Iterator[str]:
    if torso.hip_crest is not None:
        below = torso.ml(organ[..., : torso.hip_crest])
        if below > max(5.0, 0.1 * torso.ml(organ)):
            lowest = int(organ.any(axis=(0, 1)).argmax())
            depth = torso.cm(torso.hip_crest - lowest)
            yield f"{below:.0f} ml, down to {depth:.0f} cm, lie below the hip bones' crest, at most 10 % expected"


def _along_the_spine(torso: _Torso, organ: np.ndarray) -> Iterator[str]:
    """One tube: above the diaphragm there are two sections, below it one. It ends below the top of the lungs."""
    from scipy.ndimage import find_objects, label

    pixel_cm2 = float(torso.spacing[:2].prod()) / 100
    sections = np.zeros(organ.shape[2], dtype=int)
    (box,) = find_objects(organ.astype(np.uint8))
    for height in range(box[2].start, box[2].stop):
        parts = np.bincount(label(organ[box[0], box[1], height])[0].ravel())[1:]
        sections[height] = np.count_nonzero(parts * pixel_cm2 >= 1)
    if (length := torso.cm(int((sections > 2).sum()))) > 1:
        yield f"three or more vessels side by side over {length:.1f} cm, at most two expected"
    if (area := float(organ.sum(axis=(0, 1)).max()) * pixel_cm2) > 30:
        yield f"largest section {area:.0f} cm2, at most 30 cm2 expected"
    tops = np.flatnonzero(torso.lungs.any(axis=(0, 1)))
    if torso.diaphragm is not None and (neck := torso.ml(organ[..., tops[-1] + 1 :])) > 0.5:
        yield f"{neck:.1f} ml lie above the lungs, none expected"


_CHECKS: dict[str, Callable[[_Torso, np.ndarray], Iterator[str]]] = {
    "lung": _lung_left_out,
    "below the diaphragm": _below_the_diaphragm,
    "above the pelvis": _above_the_pelvis,
    "along the spine": _along_the_spine,
}


class OrganShapeQCd(MapTransform):
    """Note organs that are too large, lie where they cannot, or may hide something else, entry :data:`QC_KEY`.

    A large organ of which the network is unsure inside may hold ascites or a mass, see :data:`UNSURE_INSIDE_KEY`.
    The diaphragm is where the section of the lungs reaches 100 cm2. The hip bones end where bone beside the spine ends.
    Nothing is removed: all of it may be true in an ill person. MONAI has no transform that does this.

    Args:
        keys: class indices, (1, x, y, z).
        structures: the classes, index 0 is background, with their largest volumes and their places.
        image_key: the scan, (channels, x, y, z), on the same grid. Of several channels the middle one is used.
        body_threshold: values of the scan above it are body.
        bone_threshold: values of the scan above it are bone.
        max_unsure_inside: largest share of inner voxels of which the network is unsure.
        min_inside_ml: smallest inner volume of which that share is looked at.
        allow_missing_keys: whether a missing key is no error.
    """

    def __init__(
        self,
        keys: str | Sequence[str],
        structures: Sequence[Organ],
        image_key: str = "image",
        body_threshold: float = 0.0,
        bone_threshold: float = 0.85,
        max_unsure_inside: float = 0.02,
        min_inside_ml: float = 50.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        check_name("image_key", image_key)
        check_number("body_threshold", body_threshold)
        check_number("bone_threshold", bone_threshold)
        check_number("max_unsure_inside", max_unsure_inside, 0, 1)
        check_number("min_inside_ml", min_inside_ml, 0)
        self.structures = structures
        self.image_key = image_key
        self.body_threshold = body_threshold
        self.bone_threshold = bone_threshold
        self.max_unsure_inside = max_unsure_inside
        self.min_inside_ml = min_inside_ml

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        checked = dict(data)
        for key in self.key_iterator(data):
            found = self._torso(data[key], data[self.image_key])
            unsure = data[key].meta.get(UNSURE_INSIDE_KEY, {}) if isinstance(data[key], MetaTensor) else {}
            doubts = {}
            for index, structure in enumerate(self.structures):
                organ = found.classes == index
                if index and organ.any():
                    reasons = [*self._size(found.ml(organ), structure), *self._inside(unsure.get(index, (0.0, 0.0)))]
                    for place in structure.places:
                        reasons += _CHECKS[place](found, organ)
                    if reasons:
                        doubts[index] = "; ".join(reasons)
            note_doubts(checked, (key, self.image_key), doubts)
        return checked

    def _torso(self, pred: Any, image: Any) -> _Torso:
        affine = np.asarray(image.affine.cpu())
        across, along = (int(abs(row).argmax()) for row in affine[[0, 2], :3])
        axes = [across, 3 - across - along, along]
        upwards = slice(None, None, 1 if affine[2, along] > 0 else -1)
        scan, classes = (
            volume.cpu().numpy().transpose(axes)[..., upwards] for volume in (image[image.shape[0] // 2], pred[0])
        )
        classes = np.ascontiguousarray(classes, dtype=np.uint8)
        spacing = np.linalg.norm(affine[:3, :3], axis=0)[axes]
        lungs = np.array(["lung" in structure.places for structure in self.structures])[classes]
        few = tuple(slice(None, None, max(int(_COARSE_MM / step), 1)) for step in spacing[:2])
        coarse = spacing * [few[0].step, few[1].step, 1]
        above = np.ascontiguousarray(scan[few]) > self.body_threshold
        body = torso(above)
        return _Torso(
            classes,
            spacing,
            lungs,
            (body & ~above & (classes[few] == 0)).sum(axis=(0, 1)) * coarse.prod() / 1000,
            diaphragm_height(lungs, float(spacing[:2].prod()) / 100),
            hip_crest_height(body & (scan[few] > self.bone_threshold), body, lungs[few], coarse),
        )

    def _size(self, volume: float, structure: Organ) -> Iterator[str]:
        if 0 < structure.max_volume_ml < volume:
            yield f"{volume:.0f} ml, at most {structure.max_volume_ml:g} ml expected"

    def _inside(self, unsure: tuple[float, float]) -> Iterator[str]:
        share, volume = unsure
        if share > self.max_unsure_inside and volume >= self.min_inside_ml:
            yield f"unsure of {100 * share:.1f} % of its inside, at most {100 * self.max_unsure_inside:g} % expected"
