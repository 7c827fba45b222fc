"""Segmenting the cases of a run, here or on workers, with a progress bar."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..runtime import BundleRun, find_input_error, merge_tables
from .log import log_warnings_only

if TYPE_CHECKING:
    from ignite.engine import Engine

    from ..data import CaseFailure

__all__ = ["Outcome", "run_cases"]


@dataclass
class Outcome:
    """What a run did.

    Args:
        seconds: how long each segmented case took.
        failures: why the others are not segmented.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[CaseFailure] = field(default_factory=list)


class _CaseClock:
    """A progress bar over the cases of an evaluator, and the seconds that each took.

    Ignite's ``ProgressBar`` is nearest. It counts iterations, and knows no cases.
    """

    def __init__(self, quiet: bool) -> None:
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
        self._bar = _bar(engine.state.epoch_length or 0, self.quiet)

    def start(self, _: Engine) -> None:
        """Start the clock of a case."""
        self._start = time.monotonic()

    def count(self, engine: Engine) -> None:
        """Note the time of a case. A failed one leaves no output."""
        from ..data import case_name
        from ..transforms import file_of

        for output in engine.state.output:
            self.seconds[case_name(file_of(output["pred"]))] = time.monotonic() - self._start
        self._bar.update()

    def close(self, _: Engine) -> None:
        """Close the bar."""
        self._bar.close()


def _bar(total: int, quiet: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc="scans", unit="scan", disable=quiet or total < 2)


def _call_for_each_case(evaluator: Engine, done: Callable[[str], object]) -> None:
    """Call a function when a case has all its files. An error in it makes the case fail."""
    from monai.engines.utils import IterationEvents

    from ..data import case_name
    from ..transforms import file_of

    def call(engine: Engine) -> None:
        for output in engine.state.output:
            done(case_name(file_of(output["pred"])))

    evaluator.add_event_handler(IterationEvents.MODEL_COMPLETED, call)  # behind the handlers that write


def _run_here(run: BundleRun, quiet: bool, verbose: bool, done: Callable[[str], object] | None) -> Outcome:
    workflow = run.workflow(verbose)
    workflow.initialize()
    evaluator = workflow.parser.get_parsed_content("evaluator")
    clock = _CaseClock(quiet)
    clock.attach(evaluator)
    if done:
        _call_for_each_case(evaluator, done)
    failures = workflow.parser.get_parsed_content("failures")
    try:
        workflow.run()
    except Exception as error:
        if not failures.failures or find_input_error(error) is None:
            raise  # cases that failed are in the outcome
    finally:
        workflow.finalize()
    return Outcome(clock.seconds, failures.failures)


def _run_on_workers(
    run: BundleRun, jobs: int, scheduler: str | None, quiet: bool, done: Callable[[str], object] | None
) -> Outcome:
    run.entries["output_dir"] = os.path.abspath(run.entries["output_dir"])  # a worker may be in another folder
    parser = run.parser()
    parser.get_parsed_content("initialize")
    cases = parser.get_parsed_content("unfinished_cases")
    outcome = Outcome()
    if cases:
        _segment_on_workers(run, cases, outcome, jobs, scheduler, quiet, done)
    else:
        merge_tables(run.entries["output_dir"])  # a run that was killed may have left it behind
    if (write_page := parser.get_parsed_content("cohort_page")) is not None:
        write_page()
    return outcome


def _segment_on_workers(
    run: BundleRun,
    cases: list[dict[str, str]],
    outcome: Outcome,
    jobs: int,
    scheduler: str | None,
    quiet: bool,
    done: Callable[[str], object] | None,
) -> None:
    from ..cohort import local_workers, scheduler_workers, segment_cases

    workers = scheduler_workers(scheduler) if scheduler else local_workers(min(jobs, len(cases)))
    with workers as client, _bar(len(cases), quiet) as bar:
        for result in segment_cases(client, run, cases):
            outcome.failures += result.failures
            if not result.failures:
                outcome.seconds[result.case] = result.seconds
                if done:
                    done(result.case)
            bar.update()


def run_cases(
    run: BundleRun,
    jobs: int = 1,
    scheduler: str | None = None,
    quiet: bool = False,
    verbose: bool = False,
    done: Callable[[str], object] | None = None,
) -> Outcome:
    """Segment the cases of a run. One that fails costs itself alone.

    Args:
        run: a run of ``inference.json``. Its ``output_dir`` receives the files.
        jobs: processes on this machine.
        scheduler: address of a Dask scheduler, whose workers do the work in place of this machine.
        quiet: whether to leave out the progress bar.
        verbose: whether MONAI and Ignite log.
        done: called in this process with the name of each case that is segmented, as soon as it has all its files.

    Raises:
        InputError: when the run cannot start.
    """
    if not verbose:
        log_warnings_only()
    if jobs > 1 or scheduler:
        return _run_on_workers(run, jobs, scheduler, quiet, done)
    return _run_here(run, quiet, verbose, done)
