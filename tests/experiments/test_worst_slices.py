"""The page of the worst slices."""

from __future__ import annotations

import nibabel
import numpy as np
import pandas as pd
import pytest

from experiments.__main__ import main
from experiments.worst_slices import slice_scores
from monai_scse.runtime import InputError


def test_dice_of_every_class_in_every_slice() -> None:
    label = np.array([[[1, 1, 0]], [[2, 0, 0]], [[0, 0, 0]]], dtype=np.uint8)
    found = np.array([[[1, 0, 0]], [[2, 2, 2]], [[0, 1, 0]]], dtype=np.uint8)
    rows = slice_scores(label, found, num_classes=3)
    expected = [(0, 1, 2 / 3, 2), (1, 2, 2 / 4, 1), (2, 1, 0.0, 0)]
    np.testing.assert_allclose(rows.to_numpy(), expected)


def test_page_shows_the_worst_slice_and_says_what_it_is_called(tmp_path, capsys) -> None:
    label = np.zeros((30, 6, 30), dtype=np.uint8)
    label[5:25, 1:5, 5:15] = 15  # left hippocampus
    label[5:25, 1:5, 15:20] = 16  # left amygdala
    found = label.copy()
    found[5:25, 3, 15:20] = 15  # in one slice it is called hippocampus
    for part, name, volume in (("images", "a", 100.0 * label), ("labels", "a", label), ("found", "a_seg", found)):
        (tmp_path / part).mkdir()
        nibabel.save(nibabel.Nifti1Image(volume.astype(np.float32), np.eye(4)), tmp_path / part / f"{name}.nii.gz")
    arguments = ["worst_slices", "--dataset_dir", tmp_path, "--output", tmp_path / "page", "--protocol", "classes"]
    typed = [*map(str, arguments), "--segmentations"]
    assert main([*typed, str(tmp_path / "found")]) == 0
    page = (tmp_path / "page/index.html").read_text()
    assert capsys.readouterr().out.strip() == str(tmp_path / "page/index.html")
    assert "<h2>left amygdala</h2><p>missed: 25 % (left hippocampus 25 %); too much: 0 %</p>" in page
    assert "<h2>left hippocampus</h2><p>missed: 0 %; too much: 12 % (left amygdala 12 %)</p>" in page
    assert sorted(file.name for file in (tmp_path / "page").iterdir()) == [
        "15.png",
        "16.png",
        "index.html",
        "slices.csv",
    ]
    rows = pd.read_csv(tmp_path / "page/slices.csv")
    worst = rows.loc[rows["dice"].idxmin()]
    assert (worst["structure"], worst["slice"], worst["dice"]) == ("left amygdala", 3, 0)
    with pytest.raises(InputError, match=r"no <case>_seg\.nii\.gz of a case in"):
        main([*typed, str(tmp_path / "images")])
