"""The table of structures that a config holds."""

from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes
from support.brain_structures import BRAIN_STRUCTURES

from monai_scse.labels import Structure, mirrored_classes, structure_codes, structure_table
from monai_scse.runtime import InputError

ENTRY = {"name": "left amygdala", "colour": [103, 255, 255]}


def test_background_comes_first() -> None:
    assert structure_table([{**ENTRY, "snomed": "4958002"}]) == (
        Structure("background", (0, 0, 0)),
        Structure("left amygdala", (103, 255, 255), "4958002"),
    )


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "structures must list at least one structure, got none"),
        ([{"name": "brainstem"}], "lacks 'colour'; give every structure a name and a colour"),
        (
            [{**ENTRY, "colour": [1, 2, 256]}],
            "the colour of 'left amygdala' must be a whole number from 0 to 255",
        ),
        ([ENTRY, {**ENTRY, "name": "Left Amygdala"}], "left amygdala occurs twice"),
        ([{**ENTRY, "name": "background"}], "background occurs twice"),
        ([{**ENTRY, "volume_ml": [1, 2]}], "the volume_ml of 'left amygdala' must be a list of 3"),
        ([{**ENTRY, "volume_ml": [1, 3, 2]}], "the volume_ml of 'left amygdala' must hold the lowest number first"),
    ],
)
def test_wrong_table_is_refused(entries: list[dict], message: str) -> None:
    with pytest.raises(InputError, match=message):
        structure_table(entries)


def test_a_structure_without_its_other_side_keeps_its_class() -> None:
    names = ("right thalamus", "brainstem", "left thalamus", "left amygdala")
    table = structure_table([{"name": name, "colour": [0, 0, 9]} for name in names])
    assert mirrored_classes(table) == [0, 3, 2, 1, 4]


def test_codes_of_structure_and_side() -> None:
    right = ("24028007", "SCT", "Right")
    assert structure_codes(Structure("right lung", (0, 0, 0), "39607008")) == (("39607008", "SCT", "Lung"), right)
    assert structure_codes(Structure("right ventral DC", (0, 0, 0), dicom="110700")) == (
        ("110700", "DCM", "Ventral DC"),
        right,
    )
    assert structure_codes(Structure("my own organ", (0, 0, 0))) == (None, None)


def test_brain_codes_are_those_of_the_dicom_standard() -> None:
    """Context groups 7140, for volumetric measurement, and 7153, for segmentation of the central nervous system."""
    kinds = {
        "cerebral white matter": codes.cid7140.CerebralWhiteMatter,
        "cerebral cortex": codes.cid7153.CerebralCortex,
        "lateral ventricle": codes.cid7140.LateralVentricle,
        "cerebellum white matter": codes.cid7140.CerebellarWhiteMatter,
        "cerebellum cortex": codes.cid7140.CerebellarCortex,
        "thalamus": codes.cid7153.Thalamus,
        "caudate": codes.cid7140.CaudateNucleus,
        "putamen": codes.cid7140.Putamen,
        "pallidum": codes.cid7140.GlobusPallidus,
        "3rd ventricle": codes.cid7140.ThirdVentricle,
        "4th ventricle": codes.cid7140.FourthVentricle,
        "brainstem": codes.cid7140.BrainStem,
        "hippocampus": codes.cid7140.Hippocampus,
        "amygdala": codes.cid7140.Amygdala,
        "ventral DC": codes.cid7140.VentralDiencephalon,
    }
    for structure in BRAIN_STRUCTURES[1:]:
        code = kinds[structure.name.removeprefix("left ").removeprefix("right ")]
        found, side = structure_codes(structure)
        assert found is not None
        assert found[:2] == (code.value, code.scheme_designator)
        assert (side is None) == (structure.name.split()[0] not in ("left", "right"))
