"""Segmentations of brains that cannot be right are flagged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from monai.data import MetaTensor

from monai_scse.labels import Structure
from monai_scse.transforms import AGREEMENT_KEY, CONFIDENCE_KEY, DOUBT_KEY, QC_KEY, BrainQCd

STRUCTURES = [
    Structure(name, (0, 0, 0)) for name in ("background", "left cerebral cortex", "right cerebral cortex", "brainstem")
]


def brain(spacing: float = 5.0) -> MetaTensor:
    """1212 ml: two hemispheres of 600 ml and a stem of 12 ml, in voxels of 5 mm."""
    classes = torch.zeros(1, 40, 40, 40)
    classes[:, 8:20, 10:30, 10:30] = 1
    classes[:, 20:32, 10:30, 10:30] = 2
    classes[:, 17:21, 17:21, 4:10] = 3
    return MetaTensor(classes, affine=torch.diag(torch.tensor([spacing, spacing, spacing, 1])))


def reasons(classes: MetaTensor, **options: Any) -> dict[int, str]:
    return BrainQCd("pred", STRUCTURES, **options)({"pred": classes})["pred"].meta[QC_KEY]


def test_whole_brain_is_not_flagged() -> None:
    assert reasons(brain()) == {}


def test_segmentation_on_a_gpu_is_copied_first() -> None:
    class OnGPU(MetaTensor):
        """As tensors of a GPU do, it becomes an array only when it was copied."""

        def __array__(self, *_: object) -> None:
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")

        def cpu(self) -> MetaTensor:
            return MetaTensor(torch.Tensor(self.as_subclass(torch.Tensor)), affine=self.affine)

    assert reasons(OnGPU(brain().as_tensor(), affine=brain().affine)) == {}


def test_brain_of_the_wrong_size() -> None:
    assert set(reasons(brain(2.0))) == {1, 2, 3}
    assert reasons(brain(2.0))[1] == "no brain of an adult: 78 ml in all, expected 700 to 2000 ml"


def test_brain_that_the_scan_cuts_off() -> None:
    classes = brain()
    cut = MetaTensor(classes[..., 12:], affine=classes.affine)
    assert reasons(cut)[3] == "cut off by the scan: 120 cm2 of brain on one of its faces"
    tight = MetaTensor(classes[..., 4:], affine=classes.affine)  # only the stem's 4 cm2 touch the face
    assert reasons(tight) == {}


def test_missing_structure_and_unequal_sides() -> None:
    classes = brain()
    classes[classes == 3] = 0
    assert reasons(classes) == {3: "not found"}
    lopsided = brain()
    lopsided[:, 8:16] = 0
    reason = "left 200.00 ml, right 600.00 ml: the sides differ too much"
    assert reasons(MetaTensor(lopsided, affine=brain().affine)) == {1: reason, 2: reason}


def with_volumes(**volumes: tuple[float, float, float]) -> list[Structure]:
    """The structures, with what is expected of the cortex of either side or of the brainstem."""
    return [Structure(one.name, one.colour, volume_ml=volumes.get(one.name.split()[-1])) for one in STRUCTURES]


@pytest.mark.situation("Structures that are too small on both sides", "both are flagged once, with the usual range")
def test_volume_of_both_sides_together() -> None:
    flags = BrainQCd("pred", with_volumes(cortex=(625, 650, 700)))({"pred": brain()})["pred"].meta[QC_KEY]
    why = (
        "1200 ml both sides together; 95 % of adults have 1212 to 1357 ml in a brain of 1212 ml, half less than 1260 ml"
    )
    assert flags == {1: why, 2: why}


def test_expected_volume_grows_with_the_brain() -> None:
    stem = with_volumes(brainstem=(15, 20, 25))
    why = "12.0 ml; 95 % of adults have 14.5 to 24.2 ml in a brain of 1212 ml, half less than 19.4 ml"
    assert BrainQCd("pred", stem)({"pred": brain()})["pred"].meta[QC_KEY] == {3: why}
    smaller = brain()
    smaller[:, 8:12] = 0
    smaller[:, 28:32] = 0  # 12 ml in a brain of 812 ml are as much as 18.5 ml in one of 1250 ml
    assert BrainQCd("pred", stem)({"pred": smaller})["pred"].meta[QC_KEY] == {}


def test_sides_that_differ_and_are_too_small_have_both_reasons_in_one_flag() -> None:
    lopsided = brain()
    lopsided[:, 8:16] = 0
    flags = BrainQCd("pred", with_volumes(cortex=(700, 800, 900)))({"pred": lopsided})["pred"].meta[QC_KEY]
    assert flags[1] == flags[2]
    assert flags[1].startswith("left 200.00 ml, right 600.00 ml: the sides differ too much; 800 ml both sides together")


def test_structure_that_the_network_is_unsure_of() -> None:
    classes = brain()
    classes.meta[CONFIDENCE_KEY] = {1: 0.95, 2: 0.9, 3: 0.6}
    classes.meta[AGREEMENT_KEY] = {1: 0.7, 2: 0.9, 3: 0.5}
    assert reasons(classes, min_mean_confidence=0.0) == {
        3: "unsure: confidence 0.60, expected 0.75",
        1: "unsure: agreement 0.70, expected 0.75",
    }


def test_scan_that_the_network_is_unsure_of() -> None:
    classes = brain()
    classes[classes == 3] = 0
    classes.meta[CONFIDENCE_KEY] = {1: 0.95, 2: 0.8}
    reason = "unsure of the whole scan: mean confidence 0.88, expected 0.9"
    assert reasons(classes) == {1: reason, 2: reason, 3: "not found"}


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name.endswith("brain_plausibility")]


def test_no_line_for_a_good_scan(caplog: pytest.LogCaptureFixture) -> None:
    classes = brain()
    classes[classes == 3] = 0  # one of three is flagged
    classes.meta[DOUBT_KEY] = ""
    assert reasons(classes)
    assert lines(caplog) == []


@pytest.mark.situation("A scan of which most structures are flagged", "one line says what is likely wrong with it")
def test_one_line_for_a_scan_of_which_most_structures_are_flagged(caplog: pytest.LogCaptureFixture) -> None:
    reasons(brain(2.0))
    assert lines(caplog) == [
        "pred: 3 of 3 structures are flagged (no brain of an adult: 78 ml in all, expected 700 to 2000 ml). The scan "
        "is perhaps not T1-weighted, after contrast agent, not upright, or not of a whole brain."
    ]


def test_one_line_for_a_scan_that_is_unlike_t1(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    classes = brain()
    classes.meta[DOUBT_KEY] = "brighter at its rim than inside, as T2-weighted scans are"
    line = "pred: 0 of 3 structures are flagged. The scan is brighter at its rim than inside, as T2-weighted scans are"
    reasons(classes, any_weights=tmp_path / "any.pt")
    (tmp_path / "any.pt").touch()
    reasons(classes, any_weights=tmp_path / "any.pt")
    assert lines(caplog) == [f"{line}.", f"{line}; try --contrast any (any_contrast_inference.yaml)."]
    reasons(classes, t1_only=False, any_weights=tmp_path / "any.pt")
    assert len(lines(caplog)) == 2
    reasons(brain(2.0), t1_only=False)
    assert lines(caplog)[-1].endswith("The scan is perhaps not upright, or not of a whole brain.")
