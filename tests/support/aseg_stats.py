"""FreeSurfer's ``.stats`` files as its asegstats2table reads them.

A line without "#" is a row, its columns are those of ColHeaders. A line ``# Measure name, key, text, value, unit`` is a
measure, of which asegstats2table compares name and key and takes the fourth field.
"""

from __future__ import annotations

from typing import Any

#: Names and keys that asegstats2table knows, of those that this package writes.
KNOWN = (
    *("lhCortex, lhCortexVol", "rhCortex, rhCortexVol", "Cortex, CortexVol", "SubCortGray, SubCortGrayVol"),
    *("TotalGray, TotalGrayVol", "EstimatedTotalIntraCranialVol, eTIV", "BrainSegVol-to-eTIV, BrainSegVol-to-eTIV"),
    *("BrainSeg, BrainSegVol", "BrainSegNotVent, BrainSegVolNotVent"),
    *("lhCerebralWhiteMatter, lhCerebralWhiteMatterVol", "rhCerebralWhiteMatter, rhCerebralWhiteMatterVol"),
    "CerebralWhiteMatter, CerebralWhiteMatterVol",
)


def read_rows(text: str) -> list[dict[str, Any]]:
    """The rows of the table by the names of the columns."""
    (header,) = (line for line in text.splitlines() if line.startswith("# ColHeaders"))
    columns = header.split()[2:]
    rows = []
    for line in text.splitlines():
        if line.rfind("#") == -1:
            words = line.split()
            assert len(words) == len(columns)
            row = dict(zip(columns, map(_number, words)))
            rows.append(row)
    return rows


def _number(word: str) -> Any:
    try:
        return int(word) if word.isdigit() else float(word)
    except ValueError:
        return word


def read_measures(text: str) -> dict[str, float]:
    """The measures by their keys."""
    lines = [line for line in text.splitlines() if line.startswith("# Measure")]
    measures = {}
    for line in lines:
        (known,) = (words for words in KNOWN if line.startswith(f"# Measure {words},"))
        measures[known.split(", ")[1]] = float(line.split(",")[3])
    return measures
