"""How far a cohort is, and how long each scan took."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..data import case_name
from ..transforms import file_of

if TYPE_CHECKING:
    from ignite.engine import Engine

__all__ = ["CohortProgress"]


class CohortProgress:
    """A progress bar over the cases of a run, and the seconds that each took.

    Ignite's ``ProgressBar`` is nearest. It counts iterations, and knows no cases.

    Args:
        quiet: whether to leave out the bar.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.seconds: dict[str, float] = {}
        self._start = 0.0

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator, behind the handlers that write results."""
        from ignite.engine import Events

        engine.add_event_handler(Events.STARTED, self.open)
        engine.add_event_handler(Events.GET_BATCH_STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.count)
        engine.add_event_handler(Events.COMPLETED, self.close)

    def open(self, engine: Engine) -> None:
        """Show the bar where there are several cases."""
        from tqdm import tqdm

        total = engine.state.epoch_length or 0
        self._bar = tqdm(total=total, desc="scans", unit="scan", disable=self.quiet or total < 2)

    def start(self, _: Engine) -> None:
        """Start the clock of a case."""
        self._start = time.monotonic()

    def count(self, engine: Engine) -> None:
        """Note the time of a case. A failed one leaves no output."""
        for output in engine.state.output:
            self.seconds[case_name(file_of(output["pred"]))] = time.monotonic() - self._start
        self._bar.update()

    def close(self, _: Engine) -> None:
        """Close the bar."""
        self._bar.close()
