"""A table for each case of a folder, and one for all."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .arguments import check_choice, path_of
from .files import atomic_write

__all__ = ["CaseTables", "merge_tables"]

# the table of all for each kind of table
_MERGED = {"volumes": "volumes.csv", "failure": "failures.csv", "series": "cases.csv"}
_FEW = 100  # cases, whose tables are merged after each case
_SHARE = 0.05  # of the time of a run that merging may take, of more cases
_LONGEST_NAME = 255  # bytes, of a file on any system
_Stamp = tuple[int, int]  # time of the last change, in nanoseconds, and size in bytes


class CaseTables:
    """``<case>_<kind>.csv`` for each case of a folder, and one table of all of them, whose first column is case.

    Several processes may share a folder: the table of all is made of the tables of the cases, whoever wrote them. It is
    made anew after each case. In a folder of more than 100 cases it waits, so that it takes a twentieth of the time at
    most. :func:`merge_tables` makes it complete at the end of a run.

    Args:
        folder: folder of the tables.
        kind: what the tables hold: ``"volumes"``, ``"failure"`` or ``"series"``. The tables of all are volumes.csv,
            failures.csv and cases.csv.
    """

    def __init__(self, folder: str | Path, kind: str) -> None:
        check_choice("kind", kind, _MERGED)
        self.folder = path_of("folder", folder)
        self.merged_file = self.folder / _MERGED[kind]
        self._suffix = f"_{kind}.csv"
        self._read: dict[str, tuple[_Stamp, list[dict[str, str]]]] = {}
        self._next_merge = -math.inf

    def write(self, case: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the table of a case, and the table of all when it is due.

        Raises:
            InputError: when a file cannot be written.
        """
        self._write(self._file(case), rows)
        if time.monotonic() >= self._next_merge:
            self.merge()

    def remove(self, case: str) -> None:
        """Remove the table of a case, and its rows from the table of all."""
        file = self._file(case)
        if file.exists():
            file.unlink(missing_ok=True)
            self.merge()

    def cases(self) -> dict[str, list[dict[str, str]]]:
        """The rows of each case that has a table, by the name of the case."""
        found = self._stamps()
        return {case: self._rows(case, found[case]) for case in sorted(found)}

    def _file(self, case: str) -> Path:
        name, most = case.encode(errors="surrogateescape"), _LONGEST_NAME - len(self._suffix)
        return self.folder / f"{case if len(name) <= most else name[:most].decode(errors='ignore')}{self._suffix}"

    def merge(self) -> None:
        """Write the table of all. Where no case has a table it is removed.

        Raises:
            InputError: when the file cannot be written.
        """
        start = time.monotonic()
        merged: dict[str, _Stamp] | None = None
        while merged != (found := self._stamps()):  # another process may write a table of a case meanwhile
            rows = [{"case": case, **row} for case in sorted(found) for row in self._rows(case, found[case])]
            if found:
                self._write(self.merged_file, rows)
            else:
                self.merged_file.unlink(missing_ok=True)
            merged = found
        if len(found) > _FEW:
            self._next_merge = time.monotonic() + (time.monotonic() - start) / _SHARE

    def _stamps(self) -> dict[str, _Stamp]:
        stamps = {}
        for file in self.folder.glob(f"[!.]*{self._suffix}"):
            try:
                status = file.stat()
            except FileNotFoundError:  # another process removed it
                continue
            stamps[file.name.removesuffix(self._suffix)] = status.st_mtime_ns, status.st_size
        return stamps

    def _rows(self, case: str, stamp: _Stamp) -> list[dict[str, str]]:
        if case not in self._read or self._read[case][0] != stamp:
            try:
                text = self._file(case).read_text(encoding="utf-8")
            except FileNotFoundError:  # another process removed it
                return []
            self._read[case] = stamp, list(csv.DictReader(io.StringIO(text)))
        return self._read[case][1]

    @staticmethod
    def _write(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
        text = io.StringIO()
        columns = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows([{name: _text(value) for name, value in row.items()} for row in rows])
        atomic_write(file, lambda path: path.write_text(text.getvalue(), encoding="utf-8", errors="backslashreplace"))


def merge_tables(folder: str | Path) -> None:
    """Write the tables of all cases of a folder, at the end of a run.

    Raises:
        InputError: when a file cannot be written.
    """
    for kind in _MERGED:
        if any(path_of("folder", folder).glob(f"[!.]*_{kind}.csv")):
            CaseTables(folder, kind).merge()


def _text(value: Any) -> str:
    return "" if isinstance(value, float) and math.isnan(value) else str(value)
