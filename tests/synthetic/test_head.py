"""Tissue around a brain, and synthetic heads."""

from __future__ import annotations

import numpy as np
import pytest

from monai_scse.synthetic.head import tissue_around, whole_head


@pytest.fixture(scope="module")
def brain() -> np.ndarray:
    """A ball of 60 mm radius with a cut-off stem below, in voxels of 3 mm."""
    grid = np.stack(np.meshgrid(*(np.arange(48) - 23.5 for _ in range(3)), indexing="ij")) * 3.0
    ball = np.linalg.norm(grid, axis=0) < 60
    stem = (np.linalg.norm(grid[:2], axis=0) < 12) & (grid[2] < 0) & (grid[2] > -66)
    return np.where(ball | stem, 0.7, 0).astype(np.float32)


def test_tissue_leaves_the_brain_alone_and_ends_in_air() -> None:
    inside = np.zeros((60, 60, 60), dtype=bool)
    inside[28:32, 28:32, 28:32] = True
    tissue, distance = tissue_around(inside, np.random.default_rng(0), (3, 3, 3))
    assert (tissue[inside] == 0).all()
    assert tissue[distance > 90].max() == 0  # the layers are 46 mm thick at most
    assert tissue[(distance > 0) & (distance < 40)].max() > 0.3
    assert distance[28, 28, 35] == pytest.approx(12.0)  # 4 voxels above the topmost of the brain


@pytest.mark.parametrize("seed", range(4))
def test_whole_head_holds_the_brain_unchanged(brain: np.ndarray, seed: int) -> None:
    head, inside = whole_head(brain, np.random.default_rng(seed), (3, 3, 3))
    assert inside.sum() == (brain > 0).sum()
    np.testing.assert_array_equal(head[inside], brain[brain > 0])
    around = head[~inside]
    assert (around > 0.1).sum() * 0.027 > 600  # ml: skull, scalp and face
    assert all(margin > 0 for margin in np.argwhere(inside).min(axis=0)[:2])


def test_same_seed_makes_the_same_head(brain: np.ndarray) -> None:
    first, second, other = (whole_head(brain, np.random.default_rng(seed), (3, 3, 3))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert first.shape != other.shape or not np.array_equal(first, other)
