"""Images of any contrast from label maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_scse.labels.freesurfer import freesurfer_numbering
from monai_scse.synthetic.contrast import TISSUE_COUNT, tissue_contrast
from monai_scse.synthetic.contrast_transforms import RandContrastd


def test_both_sides_have_the_same_contrast_and_all_numbers_have_one() -> None:
    mean, deviation = tissue_contrast(np.random.RandomState(0))
    numbering = {number: name for number, name in freesurfer_numbering().items() if number < TISSUE_COUNT}
    by_name = {name: number for number, name in sorted(numbering.items(), reverse=True)}
    for name, left in by_name.items():
        if name.startswith("left "):
            right = by_name["right " + name.removeprefix("left ")]
            assert (mean[left], deviation[left]) == (mean[right], deviation[right]), name
    assert mean.shape == deviation.shape == (TISSUE_COUNT,)
    assert (mean > 0).all()
    assert (deviation >= 0).all()


def test_contrasts_like_t1_are_a_share_of_those_of_brains() -> None:
    rng = np.random.RandomState(0)
    drawn = [tissue_contrast(rng, like_brain=1.0, like_t1=0.5)[0][[4, 3, 2]] for _ in range(400)]
    like_t1 = np.mean([fluid < grey < white for fluid, grey, white in drawn])
    assert 0.5 < like_t1 < 0.68  # half, and a sixth of the others by chance
    inverted = np.mean([fluid > grey > white for fluid, grey, white in drawn])
    assert 0.04 < inverted < 0.14


def test_each_tissue_is_a_gaussian_of_its_own() -> None:
    numbers = torch.tensor([2, 3, 24]).repeat_interleave(20_000).view(3, 100, 200)
    draw = RandContrastd("image", like_brain=0.0).set_random_state(3)
    image = draw({"image": numbers})["image"]
    bright = np.percentile(image.numpy() * 1.0, 99.5)
    assert bright == pytest.approx(1, abs=1e-3)
    mean, deviation = tissue_contrast(np.random.RandomState(3), like_brain=0.0)
    measured, expected = [image[i].mean() / image[0].mean() for i in range(3)], mean[[2, 3, 24]] / mean[2]
    np.testing.assert_allclose(measured, expected, rtol=0.02)
    spread = [image[i].std() / image[0].mean() for i in range(3)]
    np.testing.assert_allclose(spread, deviation[[2, 3, 24]] / mean[2], rtol=0.05, atol=1e-3)


def test_the_sample_of_the_brain_scales_the_image_and_is_dropped() -> None:
    slab, sample = torch.full((5, 40, 40), 4), torch.full((1000,), -1, dtype=torch.int16)
    sample[:500], sample[500:520] = 2, 4
    draw = RandContrastd("image", "sample", like_brain=0.0)
    drawn = draw.set_random_state(0)({"image": slab, "sample": sample})
    assert list(drawn) == ["image"]
    mean, deviation = tissue_contrast(np.random.RandomState(0), like_brain=0.0)
    brightest = max(mean[2] + 2.5 * deviation[2], mean[4] + 2 * deviation[4])
    assert float(drawn["image"].mean()) == pytest.approx(mean[4] / brightest, rel=0.1)


def test_a_number_that_is_no_tissue_is_refused() -> None:
    with pytest.raises(ValueError, match="below 531, got 2035"):
        RandContrastd("image")({"image": torch.tensor([[[2035]]])})
