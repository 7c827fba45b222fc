"""The lines at the end of a run."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from monai_scse.cli.summary import print_summary


def summary(*flagged: str, case: str = "T1") -> dict[str, Any]:
    flags = dict.fromkeys(flagged, "too small")
    cases = [{"case": case, "seconds": 9.6, "structures": 2, "of": 3, "flags": flags}]
    return {"output_dir": "out", "report": None, "cases": cases, "failures": []}


@pytest.mark.parametrize(
    ("flagged", "shown"),
    [((), "-"), (("liver", "spleen"), "liver, spleen"), (("liver", "spleen", "aorta"), "all structures")],
)
def test_flags_of_a_case(flagged: tuple[str, ...], shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(summary(*flagged), Path("failures.csv"), as_json=False)
    assert capsys.readouterr().out.splitlines()[1].split("  ")[-1] == shown


@pytest.mark.situation("A name of a file that the terminal cannot show", "printed with escapes, the run ends well")
@pytest.mark.parametrize(("encoding", "case"), [("cp1252", "\u4e2d"), ("utf-8", "\udcff")])
def test_names_that_the_terminal_cannot_show(monkeypatch: pytest.MonkeyPatch, encoding: str, case: str) -> None:
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding=encoding))
    print_summary(summary(case=case), Path("failures.csv"), as_json=False)
    sys.stdout.flush()
    assert ascii(case)[1:-1] in buffer.getvalue().decode(encoding)
