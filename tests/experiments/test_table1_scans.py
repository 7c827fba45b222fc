"""Table 1 on two real scans."""

from __future__ import annotations

import pandas as pd
import pytest

from experiments.__main__ import main


@pytest.mark.slow
def test_unet_of_one_epoch_on_two_scans(malc2012, tmp_path):
    (tmp_path / "split.yaml").write_text("two scans: {train: [1000], test: [1008]}")
    arguments = ["table1", "--dataset_dir", str(malc2012), "--output_dir", str(tmp_path), "--epochs", "1"]
    arguments += ["--only", "unet", "--splits", str(tmp_path / "split.yaml"), "--config", "paper_recipe.yaml"]
    assert main([*arguments, "reduced.yaml"]) == 0
    dice = pd.read_csv(tmp_path / "results/dice.csv", keep_default_na=False)
    assert dice.groupby("recal").size().to_dict() == {"none": 27, "cse": 27, "sse": 27, "scse": 27}
    assert dice["dice"].between(0, 1).all()
    page = tmp_path / "results.md"
    assert main(["report", "--results", str(tmp_path / "results"), "--output", str(page)]) == 0
    assert page.read_text().count("| U-Net scSE |") > 2
