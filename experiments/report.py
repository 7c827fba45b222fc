"""The page of results, generated from the files of the experiments."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_scse.runtime import InputError, atomic_write, existing_file

from .combinations import ARCHITECTURES, RECALIBRATIONS
from .tables import comparison_table, dice_table, parameter_table, structure_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Setting", "describe_setting", "markdown_table", "read_setting", "seed_interval", "write_report"]

_RAW = ("settings.json", "dice.csv", "runs.csv", "training.csv")
#: table 1 of the paper by bundle: MALC 2012 (15 training and 15 other test subjects) and Visceral, full resolution
_PAPER = {
    "brain_mri_scse_segmentation": (
        "MALC 2012",
        {
            "unet": ("0.763 ± 0.110", "0.825 ± 0.063", "0.837 ± 0.058", "0.843 ± 0.062"),
            "sdnet": ("0.771 ± 0.150", "0.790 ± 0.120", "0.860 ± 0.062", "0.862 ± 0.082"),
            "fcdensenet": ("0.842 ± 0.058", "0.865 ± 0.069", "0.876 ± 0.061", "0.882 ± 0.063"),
        },
    ),
    "wholebody_ct_scse_segmentation": (
        "Visceral",
        {
            "unet": ("0.857 ± 0.106", "0.865 ± 0.086", "0.872 ± 0.080", "0.881 ± 0.082"),
            "sdnet": ("0.871 ± 0.064", "0.892 ± 0.065", "0.901 ± 0.057", "0.907 ± 0.057"),
            "fcdensenet": ("0.892 ± 0.068", "0.903 ± 0.058", "0.912 ± 0.056", "0.918 ± 0.051"),
        },
    ),
}
_HOW_TO_READ = """\
**How to read this page.** Dice is global: per structure over the whole scan at its own resolution, background excluded.
The mean is over structures and test subjects, and so is the deviation behind it, as in the paper. The gain's interval
holds the gain of a further training with 95 % confidence. It comes from trainings with different seeds (Student's t),
and needs two seeds at least. A structure that a scan lacks is not counted, but 0 where a network finds it all the same.
The gain is over what both networks have a Dice for. The p-value is that of Wilcoxon's signed-rank test, corrected for
all tests of its kind in the setting (Holm). Its unit "structures and subjects" is the paper's. The pairs of one subject
are not independent, so its p-values are too small. The unit "subjects" is sound and, with few test subjects, cannot be
significant (5 pairs: p is 0.0625 at least). The effect size is the rank-biserial correlation: 1 when every pair is
better, -1 when every pair is worse.
"""


@dataclass(frozen=True)
class Setting:
    """What one call of a command of experiments made: settings, and the raw files as tables."""

    name: str
    folder: Path
    settings: dict[str, Any]
    dice: pd.DataFrame
    runs: pd.DataFrame
    training: pd.DataFrame


def read_setting(folder: Path, target: Path) -> Setting:
    """Copy the raw files beside the page and read them."""
    import pandas as pd

    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; --results names folders results/ that table1 wrote.")
    name = folder.resolve().parent.name if folder.resolve().name == "results" else folder.resolve().name
    target = target / name
    for file in _RAW:
        existing_file(folder / file, "run `python -m experiments table1` until a combination is finished.")
    for file in _RAW:
        if folder.resolve() != target.resolve():
            atomic_write(target / file, partial(shutil.copyfile, folder / file))
    tables = [
        pd.read_csv(target / file, dtype={"case": str, "torch": str}, keep_default_na=False, na_values=[""])
        for file in _RAW[1:]
    ]
    return Setting(name, target, json.loads((target / "settings.json").read_text()), *tables)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def seed_interval(low: float, high: float) -> str:
    """An interval as text, a dash for one that is not known."""
    return "-" if low != low else f"{low:+.4f} to {high:+.4f}"


def _title(architecture: str, recal: str) -> str:
    return f"{ARCHITECTURES[architecture]} {RECALIBRATIONS[recal]}"


def _summary(settings: Sequence[Setting], root: Path) -> str:
    rows = []
    for setting in settings:
        link = f"[{setting.name}]({(setting.folder / 'README.md').relative_to(root).as_posix()})"
        means = dice_table(setting.dice)["mean"]
        comparisons = comparison_table(setting.dice)
        for row in comparisons[(comparisons["unit"] == "subjects") & (comparisons["than"] == "none")].itertuples():
            sure = "unknown, one seed" if row.gain_low != row.gain_low else "no"
            if row.gain_low > 0 or row.gain_high < 0:
                sure = "yes"
            interval = seed_interval(row.gain_low, row.gain_high)
            without, with_se = means[row.architecture, "none"], means[row.architecture, row.recal]
            title = _title(row.architecture, row.recal)
            dice = (f"{without:.3f}", f"{with_se:.3f}")
            rows.append([link, title, *dice, f"{row.gain:+.4f}", interval, row.seeds, sure])
    header = ["setting", "network", "no SE", "with SE", "gain", "95 % interval", "seeds", "beyond noise of training"]
    return markdown_table(header, rows)


def describe_setting(setting: Setting) -> str:
    """With what, on what and how long the results were made."""
    runs, settings = setting.runs, setting.settings
    splits = "; ".join(
        f"{name}: {len(parts['train'])} train, {len(parts['validation'])} validation, {len(parts['test'])} test"
        for name, parts in settings["splits"].items()
    )
    chosen = any(parts["validation"] for parts in settings["splits"].values())
    minutes = runs["minutes"][runs["iterations"] > 0]  # others are tested only
    tested = "best epoch on the validation cases" if chosen else "last epoch"
    hardware, torch = ("; ".join(sorted(runs[column].unique())) for column in ("hardware", "torch"))
    alone = ", ".join(settings.get("train_config", []))
    return (
        f"- Bundle: {settings['bundle']}; further config files: {', '.join(settings['config']) or 'none'}; "
        + (f"of the training alone: {alone}; " if alone else "")
        + f"{settings['epochs']} epochs; tested is the {tested}.\n"
        f"- Subjects: {splits}. Seeds: {', '.join(map(str, sorted(runs['seed'].unique())))}.\n"
        f"- Hardware: {hardware}; torch {torch}; {minutes.sum():.0f} minutes of training altogether, "
        f"{minutes.min():.1f} to {minutes.max():.1f} each of {len(minutes)}.\n"
        + (f"- {settings['note']}\n" if "note" in settings else "")
    )


def _dice_tables(setting: Setting) -> str:
    table = dice_table(setting.dice)
    recals = [recal for recal in RECALIBRATIONS if recal in table.index.get_level_values("recal")]
    rows = []
    data, published = _PAPER.get(setting.settings["bundle"].split()[0], ("", {}))
    for architecture in [each for each in ARCHITECTURES if each in table.index.get_level_values(0)]:
        of = table.loc[architecture]
        cells = [f"{of['mean'][r]:.3f} ± {of['std'][r]:.3f}" if r in of.index else "-" for r in recals]
        rows.append([ARCHITECTURES[architecture], *cells])
        if architecture in published:
            paper = dict(zip(RECALIBRATIONS, published[architecture]))
            name = f"paper's {ARCHITECTURES[architecture]}, {data}"
            rows.append([name, *(paper.get(recal, "-") for recal in recals)])
    spread = [
        [_title(*index), f"{row['mean']:.4f}", *(f"{row[c]:.4f}" for c in ("std", "std_subjects")), *_seeds(row)]
        for index, row in table.iterrows()
    ]
    return (
        markdown_table(["", *(RECALIBRATIONS[recal] for recal in recals)], rows)
        + "\nStandard deviations over structures and subjects, over the subjects' means, and over the seeds' means:\n\n"
        + markdown_table(
            ["network", "mean Dice", "structures and subjects", "subjects", "seeds", "number of seeds"], spread
        )
    )


def _seeds(row: pd.Series) -> list[str]:
    return ["-" if row["std_seeds"] != row["std_seeds"] else f"{row['std_seeds']:.4f}", f"{row['seeds']:.0f}"]


def _parameters(setting: Setting) -> str:
    rows = [
        [_title(*index), f"{row.parameters:,.0f}", f"{row.se_parameters:,.0f}", f"{row.added_percent:.2f} %"]
        for index, row in parameter_table(setting.runs).iterrows()
    ]
    return markdown_table(["network", "parameters", "of these SE", "added"], rows)


def _comparisons(table: pd.DataFrame) -> str:
    rows = [
        [
            _title(row.architecture, row.recal),
            RECALIBRATIONS[row.than],
            f"{row.gain:+.4f}",
            seed_interval(row.gain_low, row.gain_high),
            f"{row.unit} ({row.pairs})",
            f"{row.effect_size:+.2f}",
            f"{row.p:.2g}",
            f"{row.p_holm:.2g}",
        ]
        for row in table.itertuples()
    ]
    header = ["network", "against", "gain", "95 % interval over seeds", "unit (pairs)", "effect size", "p", "p, Holm"]
    return markdown_table(header, rows)


def _structures(table: pd.DataFrame) -> str:
    rows = [[name, *(f"{value:.3f}" for value in row)] for name, row in zip(table.index, table.to_numpy())]
    return markdown_table(["structure", *(_title(*column) for column in table.columns)], rows)


def _write_setting(setting: Setting) -> None:
    """Write the page of a setting into its folder, with the tables as csv and the pictures."""
    from .pictures import save_boxplot, save_training_curves

    comparisons, structures = comparison_table(setting.dice), structure_table(setting.dice)
    flat = structures.set_axis(["_".join(column) for column in structures.columns], axis=1)
    derived = {
        "table.csv": dice_table(setting.dice).reset_index(),
        "parameters.csv": parameter_table(setting.runs).reset_index(),
        "comparisons.csv": comparisons,
        "structures.csv": flat.rename_axis("structure").reset_index(),
    }
    for name, table in derived.items():
        atomic_write(setting.folder / name, partial(table.to_csv, index=False, float_format="%.6g"))
    pictures = []
    for architecture in [each for each in ARCHITECTURES if each in set(setting.dice["architecture"])]:
        save_boxplot(setting.folder / f"boxplot_{architecture}.png", setting.dice, architecture)
        title = f"Dice per structure, left side and midline, {ARCHITECTURES[architecture]}"
        pictures.append(f"![{title}](boxplot_{architecture}.png)")
        if (setting.folder / f"qualitative_{architecture}.png").is_file():
            title = f"A test scan, its labels, and segmentations, errors outlined, {ARCHITECTURES[architecture]}"
            pictures.append(f"![{title}](qualitative_{architecture}.png)")
    save_training_curves(setting.folder / "training.png", setting.training)
    pictures.append("![Training curves, mean and range of the seeds](training.png)")
    files = ", ".join(f"[{name}]({name})" for name in (*_RAW, *derived))
    parts = [
        f"# {setting.name}",
        describe_setting(setting),
        "## Dice",
        _dice_tables(setting),
        "## Added parameters",
        _parameters(setting),
        "## Differences",
        _comparisons(comparisons),
        "## Structures",
        _structures(structures),
        *pictures,
        f"Files: {files}.",
    ]
    _write_page(setting.folder / "README.md", parts)


def _write_page(file: Path, parts: Sequence[str]) -> None:
    page = "\n\n".join(part.rstrip("\n") for part in parts) + "\n"
    atomic_write(file, lambda path: path.write_text(page))


def write_report(results: Sequence[Path], output: Path) -> None:
    """Write the page, and beside it a folder of its name. It has a folder for each setting: its page ``README.md``, raw
    files, tables as csv and pictures.

    Args:
        results: folders ``results/`` of :func:`experiments.table1.run_table1`, or copies of them. A setting
            is called like its folder, or like the folder above one that is called ``results``.
        output: the page, Markdown.

    Raises:
        InputError: when a folder or a file in it does not exist, or two have the same name.
    """
    folder = output.with_suffix("")
    settings = [read_setting(path, folder) for path in results]
    names = [setting.name for setting in settings]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise InputError(f"--results: two folders are called {', '.join(sorted(repeated))}; rename one.")
    copies = " ".join(f"{folder.name}/{name}" for name in names)
    parts = [
        "# Results: what recalibration brings",
        f"Generated by `python -m experiments report --results {copies} --output {output.name}` in this "
        "folder; the numbers in the files were measured by `python -m experiments table1`.",
        _HOW_TO_READ,
        "## Gains of all settings",
        _summary(settings, output.parent),
        "Pictures of segmented scans (`qualitative_<network>.png`: scan, labels, without and with scSE, errors "
        "outlined) are made by `table1` in its `output_dir`. One is shown where it was put beside the raw files, which "
        "the licence of the scan must allow.",
    ]
    for setting in settings:
        _write_setting(setting)
    _write_page(output, parts)
