"""Telling the tissue of an MR scan from its background, whatever the values of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from monai.data import MetaTensor
from monai.data.utils import affine_to_spacing

from ..metrics import class_sizes

__all__ = ["Tissue", "find_tissue", "mask_ml", "rim_brightness", "tissue_mask", "tissue_ml", "unlike_t1"]

_BRIGHTER = 0.05  # than the background, as a share of the range of values
_FLAT = 0.01  # how far values of a flat background differ, as a share of the range of values
_DARKEST = 0.15  # the darkest tissue of a T1, above 0, as a share of the range of its tissue: 0.05 to 0.22 in scans
_FAR_BELOW = 0.3  # a background that lies further below the tissue, as a share of the range of values, is not its 0


def mask_ml(image: MetaTensor, mask: torch.Tensor) -> float:
    """Volume of a mask in ml.

    Args:
        image: the scan of the mask.
        mask: boolean, (1, x, y, z).
    """
    voxels = int(torch.count_nonzero(mask))  # a sum needs 8 bytes a voxel
    return voxels * (abs(float(torch.linalg.det(image.affine[:3, :3]))) / 1000)


@dataclass(frozen=True)
class Tissue:
    """What a scan shows beside its background.

    Args:
        mask: where it is brighter than the background, boolean, of the shape of the scan. Where the background lies
            within the range of the tissue, as in z-scores: where it differs.
        outline: the mask with its dim edges, or everything in a scan whose background is noise.
        low: value of the background, or the lowest of the tissue when that is lower.
    """

    mask: torch.Tensor
    outline: torch.Tensor
    low: float

    def clean(self, image: MetaTensor) -> MetaTensor:
        """The scan with a background of 0 and tissue above it.

        Args:
            image: the scan, (1, x, y, z).
        """
        values = torch.as_tensor(image).as_subclass(torch.Tensor) - self.low
        return MetaTensor(values.clamp_(min=0).masked_fill_(~self.outline, 0)).copy_meta_from(image)


def find_tissue(image: MetaTensor) -> Tissue:
    """Find the background of a scan by its border, and what differs from it.

    A single voxel far below the others, ringing of an interpolation around 0 and a background of any value make no
    difference. Nor do z-scores within the brain with a background of 0. MONAI's ``CropForeground`` needs a threshold.

    Args:
        image: an MR scan, (1, x, y, z), skull-stripped or of a whole head.
    """
    values = torch.as_tensor(image).as_subclass(torch.Tensor)[0].numpy()
    darkest, brightest = np.percentile(values, (0.5, 99.5))
    if darkest == brightest:
        darkest, brightest = values.min(), values.max()
    border = np.concatenate([np.moveaxis(values, axis, 0)[side].ravel() for axis in range(3) for side in (0, -1)])
    level = np.median(border)
    deviation = np.abs(border - level)
    around = deviation <= _FLAT * (brightest - darkest)
    if around.mean() < 0.5:  # noise
        level = np.percentile(border, 10)
        mask = values > level + _BRIGHTER * (brightest - level)
        return Tissue(torch.from_numpy(mask)[None], torch.ones(image.shape, dtype=torch.bool), float(level))
    far = _BRIGHTER * (brightest - darkest)
    above, below = (int(np.count_nonzero(part)) for part in (values > level + far, values < level - far))
    between = below > 0.1 * (above + below)
    if between:
        core = (values > level + far) | (values < level - far)
    else:
        core = values > level + _BRIGHTER * (brightest - level)
    core = _without_specks(core)
    tolerance = 3 * np.percentile(deviation[around], 95)
    spacing = affine_to_spacing(image.affine).numpy()
    if tolerance == 0:
        outline = _grown(core, 5.0, spacing) & ((values != level) if between else (values > level))
    elif between:
        outline = _shrunk(_grown(core, 3.0, spacing), 3.0, spacing)
    else:
        outline = _grown(core, 1.5, spacing) & (values > level + tolerance)
    if between:
        outline = _filled(outline)
    mask = outline if between else core
    return Tissue(
        torch.from_numpy(mask)[None], torch.from_numpy(outline)[None], _zero(values[core], float(level), between)
    )


def tissue_mask(image: MetaTensor) -> torch.Tensor:
    """Where a scan is brighter than its background, boolean, of the shape of the scan."""
    return find_tissue(image).mask


def tissue_ml(image: MetaTensor) -> float:
    """Volume of what is brighter than the background, in ml: of a brain at most 2000, of a head more than 2500.

    Args:
        image: a T1-weighted scan, (1, x, y, z).
    """
    return mask_ml(image, tissue_mask(image))


def rim_brightness(image: MetaTensor, mask: torch.Tensor) -> float:
    """How bright a scan is 2 to 8 mm below its surface, as a multiple of 12 to 20 mm below.

    A brain gets brighter towards its white matter: 0.6 to 0.9. The scalp of a head is brighter than what lies below.

    Args:
        image: a T1-weighted scan with a background of 0, (1, x, y, z).
        mask: where its tissue is, boolean, of the same shape.
    """
    from scipy.ndimage import distance_transform_edt

    spacing = affine_to_spacing(image.affine).numpy()
    steps = [max(1, round(2 / each)) for each in spacing]  # 2 mm are fine enough
    coarse = tuple(slice(None, None, step) for step in steps)
    depth = distance_transform_edt(_filled(mask[0].numpy()[coarse]), sampling=spacing * steps)
    values = torch.as_tensor(image).as_subclass(torch.Tensor)[0].numpy()[coarse]
    outer, inner = (values[(depth > above) & (depth <= below)] for above, below in ((2, 8), (12, 20)))
    return float(outer.mean() / inner.mean()) if outer.any() and inner.any() else 0.0


def unlike_t1(brain: MetaTensor) -> str:
    """What speaks against a T1-weighted scan without contrast agent, empty when nothing does.

    It is a sign, no proof. In 39 T1-weighted scans :func:`rim_brightness` is 0.57 to 0.91, and the brightest voxels are
    1.06 to 1.16 times as bright as white matter.

    Args:
        brain: a brain with 0 around it, (1, x, y, z).
    """
    values = torch.as_tensor(brain).as_subclass(torch.Tensor)
    mask = values > 0
    if not 700 < mask_ml(brain, mask) < 2500:
        return ""  # no brain of an adult has a known rim
    rim = rim_brightness(brain, mask)
    bright, brightest = np.percentile(values.numpy()[mask.numpy()], (90, 99.8), overwrite_input=True)
    if rim > 1.1:
        return "brighter at its rim than inside, as T2-weighted scans are"
    if brightest > 1.6 * bright:
        return "far brighter in some places than in white matter, as after contrast agent"
    if rim > 0.95:
        return "as bright at its rim as inside, as FLAIR is, or T1 after contrast agent"
    return ""


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """The connected parts of at least a hundredth of the largest."""
    from scipy.ndimage import label

    parts, count = label(mask)
    if count < 2:
        return mask
    sizes = class_sizes(parts, count + 1)
    sizes[0] = 0
    is_kept = sizes >= 0.01 * sizes.max()
    return np.stack([is_kept[plane] for plane in parts])  # numbers of parts become int64 to index with


def _zero(tissue: np.ndarray, level: float, between: bool) -> float:
    """The value that stands for no signal: the background's, when it lies just below that of the tissue."""
    darkest, brightest = np.percentile(tissue, (0.1, 99.5))
    far_below = darkest - level > _FAR_BELOW * (brightest - level)
    has_contrast = brightest - darkest > _FLAT * (brightest - level)
    if between or (far_below and has_contrast):
        return float(darkest - _DARKEST * (brightest - darkest))
    return level


def _grown(mask: np.ndarray, by_mm: float, spacing: np.ndarray) -> np.ndarray:
    """The mask with a box around each voxel."""
    from scipy.ndimage import maximum_filter

    sizes = tuple(1 + 2 * round(by_mm / each) for each in spacing)
    grown: np.ndarray = maximum_filter(mask.astype(np.uint8), size=sizes) > 0
    return grown


def _shrunk(mask: np.ndarray, by_mm: float, spacing: np.ndarray) -> np.ndarray:
    return ~_grown(~mask, by_mm, spacing)


def _filled(mask: np.ndarray) -> np.ndarray:
    from scipy.ndimage import binary_fill_holes

    filled: np.ndarray = binary_fill_holes(mask)
    return filled
