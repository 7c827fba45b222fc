"""Pathology that is drawn into a torso: as large as its table says, and labels stay right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_scse.synthetic.ct.pathology.draw import Illness, draw_pathology
from monai_scse.synthetic.ct.pathology.patient import ORGANS, YIELDING
from monai_scse.synthetic.ct.pathology.table import PATHOLOGY, USUAL
from monai_scse.synthetic.ct.structures import STRUCTURE_INDEX, SYNTHETIC_STRUCTURES
from monai_scse.synthetic.ct.torso import synthetic_ct

PAGE = Path(__file__).parents[2] / "docs/synthetic_ct_pathology.md"
SPACING = np.full(3, 6.0)
KIDNEYS = {"right kidney", "left kidney"}
#: The organs of which a pathology may take or add voxels.
OWN = {
    **dict.fromkeys(("missing kidney", "atrophic kidney", "low-lying kidney", "polycystic kidney"), KIDNEYS),
    **dict.fromkeys(("kidney cysts", "kidney tumour"), KIDNEYS),
    **{key: {"liver"} for key in ("liver metastases", "liver tumour")},
    "splenomegaly": {"spleen"},
    "aortic aneurysm": {"aorta"},
    "ascites": {"liver", "spleen"},
    **{key: {"right lung", "left lung"} for key in ("pleural effusion", "lung mass")},
}


@pytest.fixture(scope="module")
def torso() -> np.ndarray:
    """Labels, axes to the right, front and head."""
    return synthetic_ct(41, tuple(SPACING), "whole torso").labels[::-1, ::-1].copy()


def drawn(torso: np.ndarray, name: str) -> tuple[Illness, float]:
    """The first seed that finds a place for a pathology, and its size."""
    for seed in range(12):
        ill = draw_pathology(seed, torso, SPACING, {name: 1.0})
        if ill.sizes:
            return ill, ill.sizes[name]
    raise AssertionError(f"no place for {name}")


def of(labels: np.ndarray, *names: str) -> np.ndarray:
    return np.isin(labels, [STRUCTURE_INDEX[name] for name in names])


def ml(voxels: np.ndarray) -> float:
    return float(np.count_nonzero(voxels) * SPACING.prod() / 1000)


@pytest.mark.parametrize("name", PATHOLOGY)
def test_organs_keep_their_voxels_unless_the_pathology_is_one_of_theirs(torso: np.ndarray, name: str) -> None:
    before = torso.copy()
    ill, size = drawn(torso, name)
    np.testing.assert_array_equal(torso, before)
    smallest, largest = PATHOLOGY[name].size
    assert smallest <= size <= largest
    changed = ill.labels[..., : torso.shape[2]] != torso
    assert changed.any() or ill.painted.any() or name == "neck and shoulders"
    assert (ill.labels[..., torso.shape[2] :] > 10).any() == (name == "neck and shoulders")
    assert not of(ill.labels[..., torso.shape[2] :], *ORGANS).any()
    for organ in set(ORGANS) - OWN.get(name, set()):
        kept = of(ill.labels[..., : torso.shape[2]], organ)
        np.testing.assert_array_equal(kept, of(torso, organ), err_msg=organ)
    assert not (changed & of(torso, "background", "bone", "muscle", "heart", "airway", "subcutaneous fat")).any()
    assert ill.painted.max() <= len(ill.densities)


@pytest.mark.parametrize("name", PATHOLOGY)
def test_same_seed_same_pathology(torso: np.ndarray, name: str) -> None:
    first, again = (draw_pathology(5, torso, SPACING, {name: 1.0}) for _ in range(2))
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.painted, again.painted)
    np.testing.assert_array_equal(first.densities, again.densities)
    assert first.sizes == again.sizes


def test_ascites_is_where_fat_and_bowel_were_or_between_an_organ_and_the_wall(torso: np.ndarray) -> None:
    ill, size = drawn(torso, "ascites")
    fluid = of(ill.labels, "fluid")
    assert 250 < ml(fluid) < 1.02 * size
    taken = fluid & of(torso, "liver", "spleen")
    for organ in ("liver", "spleen"):
        assert ml(taken & of(torso, organ)) <= 0.18 * ml(of(torso, organ))
    assert (fluid <= of(torso, "liver", "spleen", "visceral fat", "bowel wall", "bowel content", "gas")).all()


@pytest.mark.parametrize("name", ["pelvic mass", "retroperitoneal mass"])
def test_masses_fill_their_volume_as_far_as_the_belly_does(torso: np.ndarray, name: str) -> None:
    ill, size = drawn(torso, name)
    mass = of(ill.labels, "mass")
    assert 0.4 * size <= ml(mass) <= 1.02 * size + 1
    assert (mass <= of(torso, *YIELDING)).all()


def test_spleen_grows_to_its_volume(torso: np.ndarray) -> None:
    ill, size = drawn(torso, "splenomegaly")
    spleen = of(ill.labels, "spleen")
    assert (of(torso, "spleen") <= spleen).all()
    assert 500 <= ml(spleen) <= 1.02 * size


def test_tumour_of_a_kidney_has_its_volume_and_is_kidney(torso: np.ndarray) -> None:
    ill, size = drawn(torso, "kidney tumour")
    tumour = ill.painted > 0
    assert 0.5 * size <= ml(tumour) <= 1.02 * size + 1
    assert (tumour <= of(ill.labels, *KIDNEYS)).all()
    assert (tumour & ~of(torso, *KIDNEYS)).any()  # it bulges out


def test_kidneys_go_shrink_sink_and_grow(torso: np.ndarray) -> None:
    def volumes(labels: np.ndarray) -> list[float]:
        return sorted(ml(of(labels, kidney)) for kidney in KIDNEYS)

    ill, _ = drawn(torso, "missing kidney")
    assert volumes(ill.labels)[0] == 0 < volumes(ill.labels)[1]
    ill, size = drawn(torso, "atrophic kidney")
    assert volumes(ill.labels)[0] == pytest.approx(size, rel=0.2)
    ill, size = drawn(torso, "low-lying kidney")
    heights = [
        [np.argwhere(of(labels, kidney))[:, 2].mean() * SPACING[2] for kidney in sorted(KIDNEYS)]
        for labels in (torso, ill.labels)
    ]
    lower = np.subtract(*heights)
    assert sorted(np.abs(lower) > 1) == [False, True]
    assert lower.max() == pytest.approx(size, abs=15)
    ill, size = drawn(torso, "polycystic kidney")
    assert volumes(ill.labels)[1] == pytest.approx(size, rel=0.21)


def test_lung_is_what_holds_air(torso: np.ndarray) -> None:
    lungs = of(torso, "right lung", "left lung")
    for name, counted in (("pleural effusion", ("fluid", "mass")), ("lung mass", ("mass",))):
        ill, _ = drawn(torso, name)
        left = of(ill.labels, "right lung", "left lung")
        assert not (ill.painted[left] > 0).any()
        assert (lungs & ~left <= of(ill.labels, *counted)).all()


def test_what_the_aneurysm_adds_is_aorta_and_its_thrombus_is_painted(torso: np.ndarray) -> None:
    ill, _ = drawn(torso, "aortic aneurysm")
    aorta = of(ill.labels, "aorta")
    assert (of(torso, "aorta") <= aorta).all()
    assert ((ill.painted > 0) <= aorta).all()
    assert (ill.painted > 0).any()


def test_pathology_is_off_unless_it_is_asked_for() -> None:
    plain = synthetic_ct(1, (9, 9, 9), "abdomen")
    asked = synthetic_ct(1, (9, 9, 9), "abdomen", pathology={})
    np.testing.assert_array_equal(plain.image, asked.image)
    assert plain.labels.max() < STRUCTURE_INDEX["fluid"]
    assert plain.pathology == {}


def test_scan_shows_what_was_drawn() -> None:
    scan = synthetic_ct(1, (6, 6, 6), "abdomen and pelvis", pathology={"ascites": 1.0})
    assert set(scan.pathology) == {"ascites"}
    fluid = scan.image[scan.labels == STRUCTURE_INDEX["fluid"]]
    assert -15 < np.median(fluid) < 40


def test_chances_are_those_of_the_table() -> None:
    assert list(USUAL) == list(PATHOLOGY)
    assert all(0 < chance < 0.5 for chance in USUAL.values())
    assert SYNTHETIC_STRUCTURES[-2:] == ("fluid", "mass")


@pytest.mark.parametrize("chances", [{"flu": 0.5}, {"ascites": 1.5}])
def test_other_pathology_and_chances_are_refused(torso: np.ndarray, chances: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        draw_pathology(0, torso, SPACING, chances)


def test_page_shows_the_table() -> None:
    rows = [
        f"| {name} | {100 * entry.share:g} % | {entry.size[0]:g} to {entry.size[1]:g} {entry.unit} "
        f"| {entry.counts_as} | {entry.source} |"
        for name, entry in PATHOLOGY.items()
    ]
    page = PAGE.read_text().splitlines()
    assert [line for line in page if line.startswith("| ") and " % | " in line] == rows
