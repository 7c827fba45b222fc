"""Sets of unknown classes written into label maps and read back."""

from __future__ import annotations

import pytest
import torch

from monai_scse.labels import mark_unknown_classes, unknown_classes


@pytest.mark.parametrize("unknown", [[], [1], [23], [2, 5, 7], list(range(1, 24))])
def test_round_trip_also_through_float32(unknown: list[int]) -> None:
    marked = mark_unknown_classes(torch.tensor([0, 4, 0]), unknown)
    assert unknown_classes(marked) == unknown
    assert unknown_classes(marked.float()) == unknown
    assert marked[1] == 4


def test_set_is_one_bit_for_each_class() -> None:
    assert mark_unknown_classes(torch.tensor([0]), [3, 5]).item() == -(2**3 + 2**5)


def test_unknown_classes_of_an_annotated_or_empty_label_map() -> None:
    assert unknown_classes(torch.tensor([0, 3])) == []
    assert unknown_classes(torch.tensor([2, 3])) == []
    assert unknown_classes(torch.empty(0)) == []
