"""The next case is read while the network works on this one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from monai.data import DataLoader

__all__ = ["ReadAheadLoader"]


class ReadAheadLoader(DataLoader):
    """MONAI's ``DataLoader`` that reads and prepares one batch ahead, in a thread.

    Batches come in order, and never more than one waits. An error in the thread ends the loop that asks for its batch.
    MONAI's ``ThreadDataLoader`` is nearest. It holds two batches ahead, and an error in its thread ends the loop
    without a word.

    Args: those of ``DataLoader``.

    Example:
        >>> [batch["case"] for batch in ReadAheadLoader([{"case": "a"}, {"case": "b"}], batch_size=1)]
        [['a'], ['b']]
    """

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # torch names its own kind
        batches = super().__iter__()
        with ThreadPoolExecutor(1, "read ahead") as thread:
            ahead = thread.submit(next, batches, None)
            while True:
                ready = [ahead.result()]
                if ready[0] is None:
                    return
                ahead = thread.submit(next, batches, None)
                yield ready.pop()  # nothing here keeps the batch alive
