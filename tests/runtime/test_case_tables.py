"""Tables of cases that several processes write into one folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from monai_scse.runtime import CaseTables, merge_tables

_WRITES_CASES = """
import sys
from monai_scse.runtime import CaseTables
tables = CaseTables(sys.argv[1], "volumes")
for number in range(40):
    tables.write(f"{sys.argv[2]}{number:02d}", [{"index": 1, "volume_mm3": number}])
"""


def test_table_of_all_has_the_columns_of_all(tmp_path: Path) -> None:
    tables = CaseTables(tmp_path, "volumes")
    tables.write("b", [{"index": 1, "volume_mm3": 2.5, "confidence": float("nan")}])
    tables.write("a", [{"index": 1, "volume_mm3": 3.0, "qc": "small, cut"}, {"index": 2, "volume_mm3": 4.0, "qc": ""}])
    assert (tmp_path / "volumes.csv").read_text() == (
        'case,index,volume_mm3,qc,confidence\na,1,3.0,"small, cut",\na,2,4.0,,\nb,1,2.5,,\n'
    )
    assert (tmp_path / "b_volumes.csv").read_text() == "index,volume_mm3,confidence\n1,2.5,\n"


def test_changed_and_removed_tables(tmp_path: Path) -> None:
    tables, other = (CaseTables(tmp_path, "failure") for _ in range(2))
    tables.write("a", [{"reason": "cut short"}])
    other.write("a", [{"reason": "four dimensions"}])
    other.write("b", [{"reason": "empty"}])
    tables.merge()
    assert list(pd.read_csv(tmp_path / "failures.csv")["reason"]) == ["four dimensions", "empty"]
    tables.remove("a")
    assert list(pd.read_csv(tmp_path / "failures.csv")["case"]) == ["b"]
    tables.remove("b")
    assert list(tmp_path.iterdir()) == []


def test_many_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    tables = CaseTables(tmp_path, "volumes")
    in_table = []
    for number in range(105):
        tables.write(f"{number:03}", [{"index": 1}])
        in_table.append(len(pd.read_csv(tmp_path / "volumes.csv")))
    assert in_table == list(range(1, 106))  # a merge that takes no time follows each case
    write_text = Path.write_text

    def slow(path: Path, *arguments: str, **options: str) -> int:
        now[0] += 1
        return write_text(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", slow)
    for number in range(105, 150):
        tables.write(f"{number:03}", [{"index": 1}])
        in_table.append(len(pd.read_csv(tmp_path / "volumes.csv")))
    assert len(set(in_table[105:])) == 3  # a merge of a second follows each 20 seconds
    tables.remove("000")
    assert len(pd.read_csv(tmp_path / "volumes.csv")) == 149
    tables.write("150", [{"index": 1}])
    merge_tables(tmp_path)
    assert list(pd.read_csv(tmp_path / "volumes.csv")["case"]) == list(range(1, 151))


def test_tables_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("case,age\na,40\n")
    merge_tables(tmp_path)
    assert (tmp_path / "cases.csv").read_text() == "case,age\na,40\n"


@pytest.mark.long
@pytest.mark.situation(
    "Several processes of an array job write into one folder", "volumes.csv holds the cases of all, no file is half"
)
def test_processes_share_a_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITES_CASES, str(tmp_path)]
    writers = [subprocess.Popen([*command, name]) for name in ("x", "y", "x")]  # two of them write the same cases
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    expected = sorted(f"{name}{number:02d}" for name in "xy" for number in range(40))
    assert list(pd.read_csv(tmp_path / "volumes.csv")["case"]) == expected
    assert len(list(tmp_path.iterdir())) == 81
