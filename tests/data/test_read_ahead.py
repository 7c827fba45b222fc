"""Reading ahead."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import Any

import pytest
import torch

from monai_scse.data import ReadAheadLoader

WAIT_S = 30.0


class Cases:
    """A data set that notes who reads what, and fails where it is told to."""

    def __init__(self, count: int, broken: int | None = None) -> None:
        self.count, self.broken = count, broken
        self.read: list[int] = []
        self.threads: set[str] = set()

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index == self.broken:
            raise OSError("the disk is gone")
        self.threads.add(threading.current_thread().name)
        self.read.append(index)
        return {"index": index}


def wait_for(cases: Cases, count: int) -> None:
    """Wait until so many cases have been read."""
    end = time.monotonic() + WAIT_S
    while len(cases.read) < count and time.monotonic() < end:
        time.sleep(0.001)


def test_batches_come_in_order_and_one_waits() -> None:
    cases = Cases(5)
    for index, batch in enumerate(ReadAheadLoader(cases, batch_size=1)):
        assert batch["index"].tolist() == [index]
        wait_for(cases, min(index + 2, 5))
        time.sleep(0.02)  # long enough for a further one
        assert cases.read == list(range(min(index + 2, 5)))
    assert threading.current_thread().name not in cases.threads


def test_an_error_comes_behind_the_batches_before_it() -> None:
    batches = iter(ReadAheadLoader(Cases(4, broken=2), batch_size=1))
    assert [next(batches)["index"].item() for _ in range(2)] == [0, 1]
    with pytest.raises(OSError, match="the disk is gone"):
        next(batches)


def test_a_loop_that_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    for _ in ReadAheadLoader(Cases(5), batch_size=1):
        break
    gc.collect()
    assert threading.active_count() == before


def test_a_batch_is_freed_when_its_user_is_done() -> None:
    batches = iter(ReadAheadLoader([{"image": torch.zeros(1)}] * 3, batch_size=1))
    first = next(batches)["image"]
    alive = weakref.ref(first)
    del first
    gc.collect()
    assert alive() is None
    assert len(list(batches)) == 2
