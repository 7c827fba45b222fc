"""``aseg.stats``, read as FreeSurfer's asegstats2table reads it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.aseg_stats import read_measures, read_rows
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.labels import Structure, output_numbers
from monai_scse.metrics import estimated_intracranial_volume
from monai_scse.reports import aseg_stats
from monai_scse.runtime import InputError

VOXEL_MM = (1.0, 1.5, 2.0)
NAMES = [structure.name for structure in BRAIN_STRUCTURES]


@pytest.fixture
def classes() -> np.ndarray:
    """Each class has as many voxels as its index, and twice as many in the left cerebral cortex, class 2."""
    flat = np.repeat([*range(28), 2], [0, *range(1, 28), 2])
    volume = np.zeros((8, 8, 8), dtype=np.uint8)
    volume.reshape(-1)[: len(flat)] = flat
    return volume


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).normal(100, 20, (8, 8, 8)).astype(np.float32)


@pytest.fixture
def text(image, classes) -> str:
    return aseg_stats("sub 1#2", image, classes, VOXEL_MM, BRAIN_STRUCTURES)


def test_a_row_for_each_structure_in_the_order_of_its_number(text):
    rows = read_rows(text)
    assert [row["SegId"] for row in rows] == sorted(output_numbers("freesurfer", BRAIN_STRUCTURES)[1:])
    assert [row["Index"] for row in rows] == list(range(1, 28))
    assert (rows[0]["StructName"], rows[-1]["StructName"]) == ("Left-Cerebral-White-Matter", "Right-VentralDC")


def test_volumes(text):
    sizes = dict(zip(output_numbers("freesurfer", BRAIN_STRUCTURES)[1:], [1, 4, *range(3, 28)]))
    for row in read_rows(text):
        assert row["NVoxels"] == sizes[row["SegId"]]
        assert row["Volume_mm3"] == pytest.approx(3 * sizes[row["SegId"]])


def test_intensities(text, image, classes):
    (row,) = (row for row in read_rows(text) if row["StructName"] == "Right-Amygdala")
    values = image[classes == NAMES.index("right amygdala")].astype(float)
    expected = [values.mean(), values.std(ddof=1), values.min(), values.max(), values.max() - values.min()]
    found = [row[f"norm{what}"] for what in ("Mean", "StdDev", "Min", "Max", "Range")]
    assert found == pytest.approx(expected, abs=1e-4)


def test_measures_are_sums_of_structures(text):
    sizes = {name: index for index, name in enumerate(NAMES)} | {"left cerebral cortex": 4}

    def volume(*words: str) -> float:
        return 3.0 * sum(size for name, size in sizes.items() if any(word in name for word in words))

    grey = ("thalamus", "caudate", "putamen", "pallidum", "hippocampus", "amygdala", "ventral DC")
    brain = 3.0 * (sum(range(28)) + 2 - NAMES.index("brainstem"))
    assert read_measures(text) == pytest.approx(
        {
            "BrainSegVol": brain,
            "BrainSegVolNotVent": brain - volume("ventricle"),
            "lhCortexVol": volume("left cerebral cortex"),
            "rhCortexVol": volume("right cerebral cortex"),
            "CortexVol": volume("cerebral cortex"),
            "lhCerebralWhiteMatterVol": volume("left cerebral white"),
            "rhCerebralWhiteMatterVol": volume("right cerebral white"),
            "CerebralWhiteMatterVol": volume("cerebral white"),
            "SubCortGrayVol": volume(*grey),
            "TotalGrayVol": volume(*grey, "cerebral cortex", "cerebellum cortex"),
            "BrainSegVol-to-eTIV": brain / read_measures(text)["eTIV"],
            "eTIV": read_measures(text)["eTIV"],
        },
        abs=1e-6,
    )


def test_the_intracranial_volume_is_the_estimate(text, classes):
    assert read_measures(text)["eTIV"] == pytest.approx(
        estimated_intracranial_volume(classes, VOXEL_MM, BRAIN_STRUCTURES)
    )


def test_an_empty_segmentation_has_rows_of_zeros_and_no_estimate(image):
    text = aseg_stats("a", image, np.zeros((8, 8, 8), np.uint8), VOXEL_MM, BRAIN_STRUCTURES)
    rows = read_rows(text)
    assert len(rows) == 27
    assert all(value == 0 for row in rows for name, value in row.items() if name[:2] in ("NV", "Vo", "no"))
    assert math.isnan(read_measures(text)["eTIV"])


def test_structures_of_others_are_refused(image, classes):
    table = [Structure("background", (0, 0, 0)), Structure("liver", (1, 2, 3))]
    with pytest.raises(InputError, match="'freesurfer' has no number for liver"):
        aseg_stats("a", image, classes > 0, VOXEL_MM, table)
