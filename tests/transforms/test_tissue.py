"""Background and tissue of scans, by values and shapes that are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from scipy.ndimage import gaussian_filter, map_coordinates

from monai_scse.runtime import InputError
from monai_scse.transforms import DOUBT_KEY, SCAN_KEY, ExtractBraind, tissue_ml

STEP = 4.0
GRID = np.stack(np.meshgrid(*(np.arange(n) - n / 2 + 0.5 for n in (56, 60, 52)), indexing="ij")) * STEP
RADIUS = np.linalg.norm(GRID, axis=0)
BRAIN = RADIUS < 66  # 1200 ml
T1 = np.where(RADIUS < 46, 1000, np.where(RADIUS < 60, 700, 200)).astype(np.float32)  # white, grey, fluid
STRIPPED = np.where(BRAIN, T1, 0)
HEAD = np.where(BRAIN, T1, np.where(RADIUS < 76, 20, np.where(RADIUS < 96, 1100, 0)))  # skull and scalp
RNG = np.random.default_rng(0)


def z_scores(volume: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.where(where, (volume - volume[where].mean()) / volume[where].std(), 0)


def one_voxel(volume: np.ndarray, value: float) -> np.ndarray:
    changed = volume.copy()
    changed[0, 0, 0] = value
    return changed


def by_splines(volume: np.ndarray) -> np.ndarray:
    places = np.indices(volume.shape) + 0.3
    return map_coordinates(volume, places, order=5)


def by_sinc(volume: np.ndarray) -> np.ndarray:
    spectrum = np.fft.fftn(volume)
    for axis, length in enumerate(volume.shape):
        shift = np.exp(0.6j * np.pi * np.fft.fftfreq(length))
        spectrum *= shift.reshape([-1 if axis == other else 1 for other in range(3)])
    return np.fft.ifftn(spectrum).real


def noisy(volume: np.ndarray) -> np.ndarray:
    return np.hypot(volume + RNG.normal(0, 20, volume.shape), RNG.normal(0, 20, volume.shape))


def soft(volume: np.ndarray) -> np.ndarray:
    return volume * gaussian_filter(BRAIN.astype(float), 0.5)


#: what a scan shows, and what has been done to it
SCANS: dict[str, tuple[str, np.ndarray]] = {
    "0 around it": ("skull-stripped", STRIPPED),
    "one voxel of -95 in a corner": ("skull-stripped", one_voxel(STRIPPED, -95)),
    "one voxel of 5000 in a corner": ("skull-stripped", one_voxel(STRIPPED, 5000)),
    "ringing of splines around it": ("skull-stripped", by_splines(STRIPPED)),
    "ringing of a sinc around it": ("skull-stripped", by_sinc(STRIPPED)),
    "small values of both signs around it": ("skull-stripped", np.where(BRAIN, T1, RNG.normal(0, 4, T1.shape))),
    "300 around it": ("skull-stripped", STRIPPED + 300),
    "-1000 around it": ("skull-stripped", np.where(BRAIN, T1, -1000)),
    "a background brighter than the brain": ("skull-stripped", np.where(BRAIN, T1, 4000)),
    "z-scores within the brain, 0 around it": ("skull-stripped", z_scores(T1, BRAIN)),
    "z-scores within the brain, interpolated by splines": ("skull-stripped", by_splines(z_scores(T1, BRAIN))),
    "z-scores of the whole image": ("skull-stripped", z_scores(STRIPPED, RADIUS > 0)),
    "soft edges of its mask": ("skull-stripped", soft(STRIPPED)),
    "z-scores and soft edges of its mask": ("skull-stripped", soft(z_scores(T1, BRAIN))),
    "noisy air": ("whole head", noisy(HEAD)),
    "noisy air and one voxel of -95": ("whole head", one_voxel(noisy(HEAD), -95)),
    "air of exactly 0": ("whole head", HEAD),
    "the face taken off": ("whole head", np.where((GRID[1] > 60) & (GRID[2] < -30), 0, HEAD)),
    "air set to 0 by a threshold": ("whole head", np.where(HEAD > 150, HEAD, 0)),
    "z-scores within the head, 0 around it": ("whole head", z_scores(HEAD, HEAD > 0)),
    "z-scores of the whole image, noisy air": ("whole head", z_scores(noisy(HEAD), RADIUS > 0)),
}


def volume_of(values: np.ndarray) -> MetaTensor:
    affine = torch.diag(torch.tensor([STEP, STEP, STEP, 1.0]))
    return MetaTensor(torch.from_numpy(values[None].astype(np.float32)), affine=affine, meta={"filename_or_obj": "a"})


def finder(seen: list[MetaTensor]) -> Callable[[MetaTensor], torch.Tensor]:
    """Gives the true mask, and keeps the scan that it received."""

    def find_brain(image: MetaTensor) -> torch.Tensor:
        seen.append(image)
        return torch.from_numpy(BRAIN[None])

    return find_brain


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=pytest.mark.situation(
                f"A {shows} MR scan with {name}".replace("whole head MR", "whole-head MR"), f"taken for a {shows} one"
            ),
        )
        for name, (shows, _) in SCANS.items()
    ],
)
def test_what_a_scan_shows(name: str) -> None:
    shows, values = SCANS[name]
    seen: list[MetaTensor] = []
    cleaned = ExtractBraind("image", finder(seen))({"image": volume_of(values)})["image"]
    assert cleaned.meta[SCAN_KEY] == shows
    found = cleaned[0].numpy()
    assert found.min() == 0
    inside = RADIUS < 66 - 2 * STEP  # away from edges that an interpolation moved
    assert (found[inside] > 0).all()
    assert not found[RADIUS > 66 + 2 * STEP].any()
    scaled = found / np.percentile(found[inside], 99)
    if "bright" not in name and "interp" not in name and "ringing" not in name:
        np.testing.assert_allclose(scaled[inside], T1[inside] / 1000, atol=0.15)
    white, grey = found[RADIUS < 38].mean(), found[(RADIUS > 50) & (RADIUS < 56)].mean()
    assert grey / white == pytest.approx(0.7, abs=0.1)
    for head in seen:
        assert head.min() == 0
        assert float(head[0].numpy()[RADIUS > 110].mean()) < 0.05 * float(head.max())  # air is dark


def _contrast(white: float, grey: float, fluid: float, vessels: float = 0.0) -> np.ndarray:
    volume = np.where(RADIUS < 46, white, np.where(RADIUS < 60, grey, fluid)).astype(float)
    volume[(np.indices(volume.shape).sum(axis=0) % 9 == 0) & (RADIUS > 40)] += vessels
    return np.where(BRAIN, volume, 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (_contrast(1000, 700, 200), ""),
        pytest.param(
            _contrast(300, 500, 1000),
            "brighter at its rim than inside, as T2-weighted scans are",
            marks=pytest.mark.situation("A T2-weighted scan in the brain bundle", "segmented, and the log says it"),
        ),
        pytest.param(
            _contrast(600, 850, 850),
            "as bright at its rim as inside, as FLAIR is, or T1 after contrast agent",
            marks=pytest.mark.situation("A FLAIR scan in the brain bundle", "segmented, and the log says it"),
        ),
        pytest.param(
            _contrast(600, 420, 120, vessels=1000),
            "far brighter in some places than in white matter, as after contrast agent",
            marks=pytest.mark.situation(
                "A T1-weighted scan after contrast agent in the brain bundle", "segmented, and the log says it"
            ),
        ),
    ],
)
def test_contrast_unlike_t1(values: np.ndarray, expected: str) -> None:
    extracted = ExtractBraind("image", finder([]))({"image": volume_of(values)})["image"]
    assert extracted.meta[DOUBT_KEY] == expected


@pytest.mark.parametrize("scale", [1.18, 1.23])
@pytest.mark.situation("A large stripped brain, of 1900 to 2300 ml", "not taken for the head of a small person")
def test_large_brain(scale: float) -> None:
    scan = volume_of(STRIPPED)
    scan.affine = torch.diag(torch.tensor([STEP * scale] * 3 + [1.0]))
    assert 1850 < tissue_ml(scan) < 2400
    assert ExtractBraind("image", finder([]))({"image": scan})["image"].meta[SCAN_KEY] == "skull-stripped"


@pytest.mark.situation("A head without face and neck of as little tissue as a large brain", "taken for a whole head")
def test_small_head() -> None:
    scan = volume_of(np.where(GRID[2] < -50, 0, HEAD))
    scan.affine = torch.diag(torch.tensor([STEP * 0.9] * 3 + [1.0]))
    assert 1870 < tissue_ml(scan) < 2200
    assert ExtractBraind("image", finder([]))({"image": scan})["image"].meta[SCAN_KEY] == "whole head"


@pytest.mark.situation(
    "A scan of one dark voxel in an empty volume", "refused: nothing is brighter than its background"
)
def test_nothing_but_a_dark_voxel() -> None:
    with pytest.raises(InputError, match="a: shows nothing brighter than its background; choose another scan"):
        ExtractBraind("image", finder([]))({"image": volume_of(one_voxel(0 * STRIPPED, -95))})
