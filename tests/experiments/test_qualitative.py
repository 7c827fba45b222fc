"""Manual labels of both bundles as classes, and the picture that compares segmentations with them."""

from __future__ import annotations

from dataclasses import asdict

import matplotlib.image
import nibabel
import numpy as np
import pytest
from support.brain_structures import BRAIN_STRUCTURES

from experiments.qualitative import manual_classes, save_qualitative
from monai_scse.labels import organ_table

ORGANS = [{"name": "liver", "colour": [0, 200, 0], "scheme": [5, 7]}, {"name": "spleen", "colour": [0, 0, 200]}]
LEFT_HANDED = np.diag([-1.0, 1, 1, 1])


def save(volume: np.ndarray, file) -> str:
    nibabel.save(nibabel.Nifti1Image(volume, LEFT_HANDED), file)
    return str(file)


@pytest.mark.parametrize(("numbering", "expected"), [("scheme", [0, 1, 1, 0]), ("classes", [0, 1, 2, 0])])
def test_organs_by_numbering(tmp_path, numbering, expected):
    numbers = [0, 5, 7, 1] if numbering == "scheme" else expected
    label = save(np.array(numbers, dtype=np.uint8).reshape(4, 1, 1), tmp_path / "label.nii.gz")
    classes, structures = manual_classes(
        {"organs": ORGANS, "label_numbers": numbering}, {"image": label, "label": label}
    )
    assert classes.ravel().tolist() == expected[::-1]  # the first axis of the file points to the left
    assert [structure.name for structure in structures] == ["background", "liver", "spleen"]


def test_structures_of_the_brain(tmp_path):
    label = save(np.array([0, 44, 45], dtype=np.uint8).reshape(3, 1, 1), tmp_path / "label.nii.gz")
    table = [asdict(structure) for structure in BRAIN_STRUCTURES[1:]]
    config = {"label_protocol": "neuromorphometrics", "brain_structures": table}
    classes, structures = manual_classes(config, {"label": label})
    assert structures == BRAIN_STRUCTURES
    assert [structures[index].name for index in classes.ravel()] == [
        "left cerebral white matter",
        "right cerebral white matter",
        "background",
    ]


def test_errors_are_outlined(tmp_path):
    manual = np.zeros((24, 3, 24), dtype=np.uint8)
    manual[6:18, 1, 6:18] = 1
    wrong = manual.copy()
    wrong[6:10] = 0
    structures = organ_table(ORGANS)
    files = {name: tmp_path / f"{name}.nii.gz" for name in ("right", "wrong")}
    for name, volume in zip(files, (manual, wrong)):
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), files[name])
    scan = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(100.0 * manual.astype(np.float32), np.eye(4)), scan)
    save_qualitative(tmp_path / "picture.png", scan, manual, files, structures, window=(-200, 300))
    picture = matplotlib.image.imread(tmp_path / "picture.png")[..., :3]
    red = (picture[..., 0] > 0.8) & (picture[..., 1:] < 0.4).all(axis=-1)
    panels = [red[:, i * red.shape[1] // 4 : (i + 1) * red.shape[1] // 4].sum() for i in range(4)]
    assert panels[:3] == [0, 0, 0]
    assert panels[3] > 0
    last = red[:, 3 * red.shape[1] // 4 :]
    columns = np.flatnonzero(last.any(axis=0))
    assert columns.mean() > last.shape[1] / 2  # errors at the patient's left, which is on the right of the picture
