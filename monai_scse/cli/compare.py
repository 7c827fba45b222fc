"""``monai-scse compare``: how two segmentations differ."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..labels import NUMBERINGS, LabelProtocol, label_protocol, organ_protocol, organ_table, structure_table
from ..runtime import BUNDLES, InputError, atomic_write, bundle_folder
from .usage import one_line_errors

if TYPE_CHECKING:
    import pandas as pd

    from ..data import CaseFailure

__all__ = ["compare"]

_HEADINGS = {
    "dice": "Dice",
    "hd95_mm": "HD95 mm",
    "volume_a_ml": "A ml",
    "volume_b_ml": "B ml",
    "difference_ml": "B - A ml",
    "difference_percent": "%",
}


def _table(task: str) -> list[dict[str, Any]]:
    config = json.loads((bundle_folder(task) / "configs/inference.json").read_text(encoding="utf-8"))
    return config["brain_structures" if task == "brain" else "organs"]


def _protocol(task: str, name: str) -> LabelProtocol:
    """What the numbers of a label map mean.

    Raises:
        click.BadParameter: when the structures of the task have no such numbers.
    """
    organs = organ_table(_table(task)) if task == "body" else ()
    names = ["classes", *(sorted({key for organ in organs for key in organ.numbers}) if organs else NUMBERINGS)]
    if name not in names:
        raise click.BadParameter(f"{name!r} is not one of {', '.join(map(repr, names))}.", param_hint="--labels")
    protocol = organ_protocol(organs, name) if organs else label_protocol(name, structure_table(_table(task)))
    return replace(protocol, choice=f"choose another --labels ({', '.join(names)})")


def _task_of(files: Sequence[Path]) -> str:
    """The bundle whose structures are in the table of volumes beside a segmentation.

    Raises:
        InputError: when there is no such table.
    """
    from ..data import case_name

    for file in files:
        table = file.with_name(f"{case_name(file).removesuffix('_seg')}_volumes.csv")
        if table.is_file():
            with table.open(newline="", encoding="utf-8") as stream:
                names = {row.get("structure") for row in csv.DictReader(stream)}
            for task in BUNDLES:
                if names and names <= {entry["name"] for entry in _table(task)}:
                    return task
    raise InputError(f"{files[0]}: no table of volumes says what its numbers mean; give --task {' or '.join(BUNDLES)}.")


def _rows_of_cases(
    pairs: Mapping[str, tuple[Path, Path]], protocols: tuple[LabelProtocol, LabelProtocol], quiet: bool
) -> tuple[list[dict[str, Any]], list[CaseFailure]]:
    from tqdm import tqdm

    from ..data import CaseFailure
    from ..reports import comparison_table

    rows, failures = [], []
    for case, (first, second) in tqdm(pairs.items(), desc="cases", unit="case", disable=quiet or len(pairs) < 2):
        try:
            rows += [{"case": case, **row} for row in comparison_table(first, second, protocols)]
        except InputError as error:
            failures.append(CaseFailure.of(second, error))
    return rows, failures


def _means(rows: Sequence[Mapping[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The means of each case over its structures, and of each structure over the cases and of all structures."""
    import pandas as pd

    from ..reports import MEASURES

    measures = list(MEASURES)
    table = pd.DataFrame(rows, columns=["case", "structure", *measures])
    structures = pd.concat([table, table.assign(structure="all structures")])
    return (
        table.groupby("case", sort=False)[measures].mean(),
        structures.groupby("structure", sort=False)[measures].mean(),
    )


def _format(table: pd.DataFrame) -> str:
    """A table in aligned columns. What is not defined is a dash."""
    shown = table.rename(columns=_HEADINGS).map(lambda value: f"{value:.2f}" if math.isfinite(value) else "-")
    shown[_HEADINGS["dice"]] = table["dice"].map(lambda value: f"{value:.4f}" if math.isfinite(value) else "-")
    return shown.to_string(index_names=False)


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    cases, structures = _means(rows)
    if len(cases) > 1:
        click.echo(f"Means of {len(cases)} cases over their structures\n{_format(cases)}\n")
        click.echo("Means of the structures over the cases")
    click.echo(_format(structures))
    empty = sum(math.isnan(row["dice"]) for row in rows)
    if empty:
        click.echo(f"Not counted: {empty} of {len(rows)} structures, empty in both.")


def _write(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    import pandas as pd

    atomic_write(file, lambda path: pd.DataFrame(rows).to_csv(path, index=False, float_format="%.6g"))


def _as_json(rows: Sequence[Mapping[str, Any]], alone: Sequence[Path], failures: Sequence[CaseFailure]) -> str:
    """The comparison for scripts. What is not defined is null."""
    import pandas as pd

    cases, structures = _means(rows)
    tables = {
        "rows": pd.DataFrame(rows),
        "means_of_cases": cases.reset_index(),
        "means_of_structures": structures.reset_index(),
    }
    content = {
        **{name: json.loads(table.to_json(orient="records")) for name, table in tables.items()},
        "without_partner": [str(file) for file in alone],
        "failures": [failure.row for failure in failures],
    }
    return json.dumps(content, indent=2)


@click.command(
    epilog="""\b
Examples:
  monai-scse compare results/T1_seg.nii.gz corrected/T1.nii.gz --task brain
  monai-scse compare results/ with_tta/ -o comparison.csv
  monai-scse compare results/ manual/ --labels classes --labels neuromorphometrics
  monai-scse compare results/ totalsegmentator/ --task body --labels classes --labels totalsegmentator_v2
"""
)
@click.argument("a", type=click.Path(exists=True, path_type=Path))
@click.argument("b", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--task",
    type=click.Choice(list(BUNDLES)),
    help="Whose structures they are. Tables of volumes beside the segmentations tell it too.",
)
@click.option(
    "--labels",
    multiple=True,
    metavar="NAME",
    help="What the numbers mean. classes, the default, are those that segment writes. Others are of a brain "
    f"{', '.join(NUMBERINGS)}, of a body the columns of the organ table. Give it twice where A and B differ.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Table of all cases, CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON, for scripts.")
def compare(a: Path, b: Path, task: str | None, labels: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Compare the segmentations A and B: two files on one grid, or two folders.

    Files of folders are matched by their case: CASE_seg.nii.gz and CASE.nii.gz belong together. For each structure:
    Dice, 95 % Hausdorff distance, both volumes, and B minus A in ml and in percent of the mean of both. A structure
    that is empty in both is not counted. One that is empty in A or B has a Dice of 0. Exit status 1 where a case has
    no partner or cannot be compared.
    """
    if len(labels) > 2:
        raise click.UsageError("--labels can be given once for both, or twice, for A and for B")
    with one_line_errors():
        from ..reports import pair_segmentations

        pairs, alone = pair_segmentations(a, b)
        task = task or _task_of([file for pair in pairs.values() for file in pair])
        first, *others = labels or ("classes",)
        protocols = _protocol(task, first), _protocol(task, others[0] if others else first)
        rows, failures = _rows_of_cases(pairs, protocols, as_json)
        if rows and output:
            _write(output, rows)
    if as_json:
        click.echo(_as_json(rows, alone, failures))
    elif rows:
        _print(rows)
        if output:
            click.echo(f"Table: {output}")
    for failure in failures:
        click.echo(f"error: {failure.message}", err=True)
    for file in alone:
        click.echo(f"error: {file}: has no partner; left out.", err=True)
    if failures or alone:
        raise click.exceptions.Exit(1)
