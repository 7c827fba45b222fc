"""The network for any contrast, for all scans or for those that are unlike T1."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from monai.data import MetaTensor
from monai.inferers import SimpleInferer
from torch import nn

from monai_scse.inferers import ContrastInferer
from monai_scse.runtime import InputError
from monai_scse.transforms import DOUBT_KEY, WEIGHTS_KEY


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.save({"weight": torch.full((1, 1, 1, 1), 3, dtype=torch.half), "bias": torch.zeros(1)}, tmp_path / "any.pt")
    return tmp_path / "any.pt"


@pytest.mark.parametrize(
    ("contrast", "doubt", "factor", "name"),
    [("any", "", 3, "any.pt"), ("auto", "", 2, "model.pt"), ("auto", "brighter at its rim", 3, "any.pt")],
)
def test_network_is_that_for_the_contrast(contrast: str, doubt: str, factor: int, name: str, weights: Path) -> None:
    inferer = ContrastInferer(SimpleInferer(), nn.Conv2d(1, 1, 1), weights, "models/model.pt", contrast)
    for doubts, names in ((doubt, name), ([doubt], [name])):  # of a scan, and of a batch
        scan = MetaTensor(torch.ones(1, 1, 4, 4), meta={DOUBT_KEY: doubts})
        assert (inferer(scan, lambda image: 2 * image) == factor).all()
        assert scan.meta[WEIGHTS_KEY] == names


def test_bad_arguments_are_refused(weights: Path) -> None:
    with pytest.raises(InputError, match="contrast must be one of any, auto, got 't2'"):
        ContrastInferer(SimpleInferer(), nn.Conv2d(1, 1, 1), weights, "model.pt", "t2")
    with pytest.raises(InputError, match="no such file; train it with"):
        ContrastInferer(SimpleInferer(), nn.Conv2d(1, 1, 1), weights.with_name("none.pt"), "model.pt")
    with pytest.raises(InputError, match="weights for"):
        ContrastInferer(SimpleInferer(), nn.Conv2d(5, 1, 1), weights, "model.pt")
