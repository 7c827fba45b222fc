"""The end of a run over many cases."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from monai_scse.data import CaseFailure
from monai_scse.handlers import CaseFailures
from monai_scse.runtime import CaseTables, InputError

FAILED = [CaseFailure.of(f"{name}.nii.gz", InputError(f"{name}.nii.gz: empty; copy it again.")) for name in "ab"]


def test_tables_of_all_are_complete(tmp_path: Path) -> None:
    CaseTables(tmp_path, "volumes").write("a", [{"index": 1}])
    (tmp_path / "volumes.csv").unlink()  # as a run that was killed may leave it
    CaseFailures(str(tmp_path)).check()
    assert list(pd.read_csv(tmp_path / "volumes.csv")["case"]) == ["a"]


@pytest.mark.parametrize(
    ("failures", "message"),
    [([], r"volumes\.csv: cannot be written"), (FAILED, r"0 cases succeeded, 2 failed; see .*failures\.csv")],
)
def test_table_that_cannot_be_written(failures: list[CaseFailure], message: str, tmp_path: Path) -> None:
    (tmp_path / "volumes.csv").mkdir()
    (tmp_path / "a_volumes.csv").write_text("index\n1\n")
    handler = CaseFailures(str(tmp_path))
    handler.failures += failures
    with pytest.raises(InputError, match=message):
        handler.check()
