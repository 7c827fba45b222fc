"""Cases of which one that fails does not end the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from monai.data import Dataset

from ..runtime import InputError
from ..runtime.arguments import check_name
from .failures import CaseFailure

__all__ = ["FAILURE_KEY", "CaseDataset"]

#: Entry of an item that is no case: what went wrong, a :class:`CaseFailure`.
FAILURE_KEY = "failure"


class CaseDataset(Dataset):
    """Cases to segment or to evaluate. One that cannot be read or prepared becomes an item that says why.

    Nearest is ``monai.data.Dataset``, the base class: an error in its transform ends the run.
    :class:`monai_scse.handlers.CaseFailures` takes the items of failed cases out of an evaluation.

    Args:
        data: the cases, see :func:`monai_scse.data.image_cases`. One with the entry ``refused`` fails with its text.
        transform: loads and prepares a case.
        image_key: the entry that names the file of a case.
    """

    def __init__(
        self, data: Sequence[Mapping[str, Any]], transform: Callable | None = None, image_key: str = "image"
    ) -> None:
        super().__init__(data, transform)
        check_name("image_key", image_key)
        self.image_key = image_key

    def _transform(self, index: int) -> Any:
        case = self.data[index]
        try:
            if "refused" in case:
                raise InputError(case["refused"])
            return super()._transform(index)
        except Exception as error:  # whatever is wrong with a case costs that case alone
            return {FAILURE_KEY: asdict(CaseFailure.of(case[self.image_key], error))}
