"""A cohort in several processes, on one machine or on the workers of a Dask cluster.

Every worker loads the network once. A case is a task. The case of a worker that dies is tried again by another one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from .data import CaseDataset, CaseFailure, case_name
from .runtime import BundleRun, CaseTables, InputError, check_device, merge_tables

if TYPE_CHECKING:
    from distributed import Client
    from monai.bundle import ConfigParser

__all__ = ["CaseResult", "local_workers", "scheduler_workers", "segment_cases"]

_SCHEDULER_SECONDS = 10
_DEATHS = 3  # of the workers that have a case, before it fails


@dataclass(frozen=True)
class CaseResult:
    """What became of a case.

    Args:
        case: name of the case.
        seconds: how long it took.
        failures: why it has no segmentation, none where it has one.
    """

    case: str
    seconds: float
    failures: list[CaseFailure] = field(default_factory=list)


@lru_cache(maxsize=1)
def _load(run: BundleRun) -> ConfigParser:
    """The config of a run with its network, built once in each process."""
    parser = run.parser()
    parser["unfinished_cases"] = []  # each task brings its own
    parser["report_command"] = run.command_line  # that of the worker tells nothing
    check_device(parser.get_parsed_content("device"))
    parser.get_parsed_content("evaluator")
    return parser


def _segment_case(run: BundleRun, case: dict[str, str], version: str) -> CaseResult:
    """Segment one case in a worker, with all that the config writes."""
    from monai.data import DataLoader

    from . import __version__

    if version != __version__:
        raise InputError(f"worker: has monai_scse {__version__} in place of {version}; install the same version there.")
    start = time.monotonic()
    parser = _load(run)
    evaluator, failures = (parser.get_parsed_content(name) for name in ("evaluator", "failures"))
    evaluator.data_loader = DataLoader(CaseDataset([case], parser.get_parsed_content("preprocessing")))
    evaluator.state.epoch_length = 1
    try:
        evaluator.run()
    except Exception as error:  # a result that cannot be written
        _load.cache_clear()  # an engine that an error has ended does not start again
        return CaseResult(case_name(case["image"]), 0.0, [CaseFailure.of(case["image"], error)])
    return CaseResult(case_name(case["image"]), time.monotonic() - start, list(failures.failures))


@contextmanager
def local_workers(jobs: int) -> Iterator[Client]:
    """Processes on this machine, which share its cores.

    Args:
        jobs: how many.
    """
    import dask
    from dask.system import CPU_COUNT  # those that a cluster gave to this job
    from distributed import Client, LocalCluster

    threads = str(max(CPU_COUNT // jobs, 1))
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "TQDM_DISABLE": "1"}
    settings = {
        "distributed.nanny.pre-spawn-environ": environment,
        "distributed.scheduler.allowed-failures": _DEATHS - 1,
        "distributed.worker.memory.terminate": False,  # the limit of the machine counts, not a share of it
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.target": False,
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=jobs, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs="CRITICAL"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def scheduler_workers(address: str) -> Iterator[Client]:
    """The workers of a Dask scheduler. They see the scans and the output folder by the same paths.

    Args:
        address: of the scheduler, for example ``"tcp://node1:8786"``.

    Raises:
        InputError: when it does not answer.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=_SCHEDULER_SECONDS)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{address}: no Dask scheduler answers in {_SCHEDULER_SECONDS} s; "
            "start one with `dask scheduler`, or use --jobs."
        ) from error
    with client:
        yield client


def segment_cases(client: Client, run: BundleRun, cases: Sequence[dict[str, str]]) -> Iterator[CaseResult]:
    """Segment cases on the workers of a cluster. A case that fails costs that case alone.

    Args:
        client: see :func:`local_workers` and :func:`scheduler_workers`.
        run: the run of the bundle. Its output folder receives the files.
        cases: see :func:`monai_scse.data.image_cases`.

    Yields:
        what became of each case, as they finish.
    """
    from distributed import KilledWorker, as_completed

    from . import __version__

    folder = run.entries.get("failures#output_dir", run.entries["output_dir"])
    tables = CaseTables(folder, "failure")
    futures = {client.submit(_segment_case, run, case, __version__, pure=False): case["image"] for case in cases}
    for future in as_completed(futures):
        file = futures.pop(future)
        error = future.exception()
        if error is None:
            yield future.result()
            continue
        if isinstance(error, KilledWorker):
            error = InputError(
                f"{file}: {_DEATHS} workers died of it, perhaps for lack of memory; use fewer jobs or more memory."
            )
        failure = CaseFailure.of(file, error)
        tables.write(failure.case, [failure.row])
        yield CaseResult(failure.case, 0.0, [failure])
    for written in {folder, run.entries["output_dir"]}:
        merge_tables(written)
