"""Brightness of the tissues of a head in scans of any contrast.

The numbers of tissues are FreeSurfer's within the brain, and those of SynthSeg's label maps around it. The idea is
SynthSeg's: B. Billot et al., "SynthSeg: Segmentation of brain MRI scans of any contrast and resolution without
retraining", Medical Image Analysis 86 (2023), https://doi.org/10.1016/j.media.2023.102789.
"""

from __future__ import annotations

import numpy as np

__all__ = ["TISSUE_COUNT", "tissue_contrast"]

#: Numbers of tissues are below this.
TISSUE_COUNT = 531
# a tissue of the right has the brightness of that of the left
_RIGHT_TO_LEFT = {41: 2, 42: 3, 43: 4, 44: 5, 46: 7, 47: 8, 49: 10, 50: 11, 51: 12, 52: 13, 53: 17, 54: 18}
_RIGHT_TO_LEFT |= {48: 9, 57: 25, 58: 26, 59: 27, 60: 28, 62: 30, 63: 31, 79: 78, 163: 136, 164: 137}
_FLUID = (4, 5, 14, 15, 24, 72)
# from grey matter (0) to white matter (1), by myelin and iron. By judgement, wide enough for all sequences
_WHITENESS = {
    2: (1.0, 1.0),
    3: (0.0, 0.0),
    7: (0.85, 1.1),
    8: (-0.1, 0.2),
    10: (0.3, 0.75),
    11: (0.0, 0.3),
    12: (0.05, 0.45),
    13: (0.5, 1.2),
    16: (0.65, 1.05),
    17: (-0.1, 0.2),
    18: (-0.1, 0.2),
    26: (0.0, 0.2),
    28: (0.6, 1.1),
    85: (0.5, 1.0),
}
_BETWEEN = 0.12  # least difference of brightness between white and grey matter, and between grey matter and fluid
_DARKEST = 0.03


def _anchors(rng: np.random.RandomState, like_t1: bool) -> tuple[float, float, float]:
    """White matter, grey matter and fluid."""
    while True:
        white, grey, fluid = rng.uniform(_DARKEST, 1, 3)
        if like_t1:
            fluid, grey, white = sorted((white, grey, fluid))
        if min(abs(white - grey), abs(grey - fluid)) >= _BETWEEN:
            return white, grey, fluid


def tissue_contrast(
    rng: np.random.RandomState, like_brain: float = 0.6, like_t1: float = 0.4, dark_air: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the brightness of each tissue: a mean and a standard deviation.

    SynthSeg draws the mean of each tissue alone. Here that is one of two ways. The other draws white matter, grey
    matter and fluid. It places deep grey matter, brainstem and cerebellum between them, as all sequences do.

    Args:
        rng: source of all random numbers.
        like_brain: share of the second way.
        like_t1: share of its contrasts in which white matter is the brightest and fluid the darkest.
        dark_air: share of all contrasts in which what has no label, air and bone, is dark.

    Returns:
        mean and standard deviation by the number of the tissue, float32 (:data:`TISSUE_COUNT`,). Of both sides alike.

    Example:
        >>> mean, deviation = tissue_contrast(np.random.RandomState(0))
        >>> bool(mean[2] == mean[41]), bool((mean > 0).all()), bool((deviation < 0.1).all())
        (True, True, True)
    """
    mean = rng.uniform(_DARKEST, 1, TISSUE_COUNT)
    deviation = rng.uniform(0, 0.1, TISSUE_COUNT)
    if rng.random_sample() < dark_air:
        mean[0] = rng.uniform(0, 0.1)  # air and bone
    if rng.random_sample() < like_brain:
        white, grey, fluid = _anchors(rng, rng.random_sample() < like_t1)
        for number, whiteness in _WHITENESS.items():
            mean[number] = grey + rng.uniform(*whiteness) * (white - grey) + rng.normal(0, 0.02)
        mean[list(_FLUID)] = fluid + rng.normal(0, 0.03, len(_FLUID))
        mean[25] = white + rng.uniform(0, 1.5) * (grey - white)  # lesions
        deviation *= 0.6
    right, left = list(_RIGHT_TO_LEFT), list(_RIGHT_TO_LEFT.values())
    mean[right], deviation[right] = mean[left], deviation[left]
    return mean.clip(_DARKEST).astype(np.float32), deviation.astype(np.float32)
