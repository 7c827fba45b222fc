"""A run over many cases that one failed case does not end."""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING, Any

import torch
from monai.utils import ImageMetaKey

from ..data import FAILURE_KEY, CaseFailure, case_name
from ..runtime import CaseTables, InputError, merge_tables
from ..runtime.arguments import check_name, path_of

if TYPE_CHECKING:
    from ignite.engine import Engine
    from monai.engines import Evaluator

__all__ = ["CaseFailures"]


class CaseFailures:
    """Let a case that fails cost itself alone: a row of ``failures.csv``, and the run goes on.

    Give :meth:`iteration` to the evaluator as ``iteration_update``, itself as handler, and a
    :class:`monai_scse.data.CaseDataset` to its loader. After the run, :meth:`check` raises when a case failed.

    A failed case leaves ``<case>_failure.csv``. ``failures.csv`` has the columns case, file, reason and cure, and a row
    for each failure in the folder, whatever process it is of. A case that succeeds later loses its row. Nearest is the
    ``EXCEPTION_RAISED`` event of Ignite, which comes when the run has ended.

    Args:
        output_dir: folder that receives the tables.
        image_key: entry of the batch that knows its file.
    """

    def __init__(self, output_dir: str, image_key: str = "image") -> None:
        self.tables = CaseTables(path_of("output_dir", output_dir), "failure")
        check_name("image_key", image_key)
        self.image_key = image_key
        self.logger = logging.getLogger(__name__)
        self._succeeded = 0
        self.failures: list[CaseFailure] = []  # of this run

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator."""
        from ignite.engine import Events

        engine.add_event_handler(Events.STARTED, self.clear)
        engine.add_event_handler(Events.GET_BATCH_STARTED, self.free)

    def clear(self, _: Engine) -> None:
        """Forget an earlier run."""
        self._succeeded = 0
        self.failures.clear()

    def free(self, engine: Engine) -> None:
        """Free the previous case before the next one is loaded."""
        engine.state.batch = engine.state.output = None

    def iteration(self, engine: Evaluator, batch: dict[str, Any]) -> Any:
        """Evaluate a batch of one case, or note that it failed.

        Returns:
            what the evaluator's own iteration returns, an empty list for a failed case.
        """
        if FAILURE_KEY in batch:
            failure = CaseFailure(**{name: values[0] for name, values in batch[FAILURE_KEY].items()})
            return self._fail(engine, failure)
        file = batch[self.image_key].meta[ImageMetaKey.FILENAME_OR_OBJ][0]
        try:
            output = engine._iteration(engine, batch)  # what an evaluator without iteration_update runs
        except Exception as error:  # whatever is wrong with a case costs that case alone
            failure = CaseFailure.of(file, error)
        else:
            self._succeed(file)
            return output
        return self._fail(engine, failure)  # outside of the except clause, which keeps the volumes of the case alive

    def _succeed(self, file: str) -> None:
        self._succeeded += 1
        case = case_name(file)
        if all(failure.case != case for failure in self.failures):
            self.tables.remove(case)

    def _fail(self, engine: Evaluator, failure: CaseFailure) -> list[Any]:
        self.logger.error(failure.message)
        if failure.trace:
            self.logger.error(failure.trace)
        self.failures.append(failure)
        try:
            self.tables.write(failure.case, [item.row for item in self.failures if item.case == failure.case])
        except InputError as error:  # where the disk is full the log alone names the case
            self.logger.error(str(error))
        engine.state.batch, engine.state.output = None, []
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return []

    def check(self) -> None:
        """End a run: complete the tables of all cases, and raise when a case failed. Several processes raise alike.

        Raises:
            InputError: with the numbers of cases that succeeded and failed, and the table of the failures. Of a run
                over one case it is the failure itself.
        """
        import ignite.distributed as idist

        try:
            merge_tables(self.tables.folder)
        except InputError as error:
            if not self.failures:
                raise
            self.logger.error(str(error))
        counts = torch.tensor([self._succeeded, len(self.failures)])
        if idist.get_world_size() > 1:
            counts = idist.all_reduce(counts)
        succeeded, failed = counts.tolist()
        if failed == 1 and not succeeded and self.failures:
            raise InputError(self.failures[0].message)
        if failed:
            plural = "s" * (succeeded != 1)
            raise InputError(
                f"{succeeded} case{plural} succeeded, {failed} failed; see {self.tables.merged_file} for the reasons."
            )
