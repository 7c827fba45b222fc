"""``monai-scse bids``: a BIDS App."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..runtime import BundleRun, contrast_configs
from .options import check_workers, config_files, run_options, segment_options
from .run_cases import Outcome, run_cases
from .summary import print_summary, summarize
from .usage import one_line_errors, path_word, with_settings

if TYPE_CHECKING:
    from ..bids import BidsImage, Derivatives

__all__ = ["bids"]

_LEVELS = ("participant", "group")
_LABEL_OPTIONS = ("--participant-label", "--participant_label", "--session-label", "--session_label")


class _BidsAppCommand(click.Command):
    """A command whose options for labels take several, as those of BIDS Apps: ``--participant-label 01 02``.

    Nearest is click's own command. Its options take a fixed number of values.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _an_option_for_each_label(args))


def _an_option_for_each_label(words: Sequence[str]) -> list[str]:
    """The words with the option before each of its labels. Before the level, an option has one label."""
    spread: list[str] = []
    option, has_label, is_past_level = "", False, False
    for word in words:
        if word.startswith("-"):
            name, equals, _ = word.partition("=")
            option, has_label = name if name in _LABEL_OPTIONS else "", bool(equals)
        elif option:
            spread += [option] if has_label and is_past_level else []
            has_label = True
        spread.append(word)
        is_past_level = is_past_level or word in _LEVELS
    return spread


def _bundle_run(images: Sequence[BidsImage], work_dir: Path, output_dir: Path, options: Mapping[str, Any]) -> BundleRun:
    files = [str(image.file) for image in images]
    entries = {
        "dataset_dir": files[0] if len(files) == 1 else files,
        "output_dir": path_word(work_dir),
        "failures#output_dir": path_word(output_dir / "logs"),
        "output_labels": options["labels"],
        "report": options["report"] or None,
        "device": options["device"],
        **contrast_configs("brain", options["contrast"])[1],
    }
    return BundleRun("brain", config_files(options), with_settings(entries, options["settings"]))


@click.command(
    cls=_BidsAppCommand,
    epilog="""\b
Examples:
  monai-scse bids study/ study/derivatives/monai-scse participant
  monai-scse bids study/ results/ participant --participant-label 01 02 --session-label baseline
  monai-scse bids study/ results/ participant --skip-existing --bids-filter-file mprage.json
  monai-scse bids study/ results/ group
\b
A filter file, as of fMRIPrep: the T1w images of one acquisition, run 1 or without a run
  {"t1w": {"acquisition": "mprage", "run": [1, null]}}
\b
A job for each participant, on a cluster:
  monai-scse bids study/ results/ participant --participant-label $LABEL
""",
)
@click.argument("bids_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("output_dir", metavar="OUT_DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("level", metavar="{participant|group}", type=click.Choice(_LEVELS))
@click.option(
    *("--participant-label", "--participant_label", "participants"),
    multiple=True,
    metavar="LABEL...",
    help="Participants, with or without sub-. By default all.",
)
@click.option(
    *("--session-label", "--session_label", "sessions"),
    multiple=True,
    metavar="LABEL...",
    help="Sessions, with or without ses-. By default all.",
)
@click.option(
    "--bids-filter-file",
    "filter_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file that chooses T1w images by their entities.",
)
@segment_options
@run_options
def bids(bids_dir: Path, output_dir: Path, level: str, **options: Any) -> None:
    """Segment the brains in the T1w images of a BIDS data set.

    The level participant writes derivatives of BIDS to OUT_DIR: for each image a segmentation on its own grid, a table
    of structures with their volumes, a picture, and a report to open in a browser. Several processes may share OUT_DIR.
    An image that fails costs that image alone: logs/failures.csv names it.

    The level group puts the tables of all images into group_volumes.tsv, and shows them in group_report.html.
    """
    check_workers(options)
    if level == "group" and options["dry_run"]:
        raise click.UsageError("--dry-run works with the level participant only")
    with one_line_errors(options):
        from ..bids import Derivatives, find_images, participant_labels, read_filters

        participants = options["participants"]
        filters = read_filters(options["filter_file"]) if options["filter_file"] else None
        images = find_images(bids_dir, participants, options["sessions"], filters)
        derivatives = Derivatives(output_dir, bids_dir)
        if level == "group":
            _group(derivatives, images, options["report"], options["as_json"])
            return
        found = {image.entities["subject"] for image in images}
        without = [label for label in participant_labels(bids_dir, participants) if label not in found]
        if without:
            click.echo(f"No T1w images: {', '.join(f'sub-{label}' for label in without)}", err=True)
        if options["skip_existing"]:
            images = _unfinished(derivatives, images, options)
        if images and options["dry_run"]:
            click.echo(_bundle_run(images, output_dir / ".work", output_dir, options).command_line)
            return
        failed = bool(images) and _segment(derivatives, images, options)
        if not images and options["as_json"]:
            print_summary(summarize(output_dir, Outcome(), report=False), output_dir, as_json=True)
        if failed or (without and participants):
            raise click.exceptions.Exit(1)


def _unfinished(derivatives: Derivatives, images: Sequence[BidsImage], options: Mapping[str, Any]) -> list[BidsImage]:
    labels = options["labels"] or "classes"
    unfinished = [
        image
        for image in images
        if derivatives.labels(image) != labels
        or (options["report"] and not derivatives.file(image, "_report.html").is_file())
    ]
    done = len(images) - len(unfinished)
    click.echo(f"{done} of {len(images)} images are complete in {derivatives.folder}, left out.", err=True)
    return unfinished


def _group(derivatives: Derivatives, images: Sequence[BidsImage], report: bool, as_json: bool) -> None:
    from ..bids import write_group, write_group_page

    table, missing = write_group(derivatives, images)
    for image in missing:
        click.echo(f"No results: {image.source}", err=True)
    page = write_group_page(derivatives, images) if report else None
    done = len(images) - len(missing)
    if as_json:
        content = {"table": str(table), "images": done, "missing": [image.source for image in missing]}
        click.echo(json.dumps({**content, "report": page and str(page)}, indent=2))
        return
    click.echo(f"{done} of {len(images)} images are in {table}")
    if page:
        click.echo(f"Report: {page}")


def _segment(derivatives: Derivatives, images: Sequence[BidsImage], options: Mapping[str, Any]) -> bool:
    """Segment images, and print the summary. Returns whether one failed."""
    from ..data import case_name

    derivatives.prepare()
    output_dir = derivatives.folder.absolute()
    # in the output folder, so that files move whole
    with tempfile.TemporaryDirectory(prefix=".work-", dir=output_dir, ignore_cleanup_errors=True) as folder:
        work_dir = Path(folder)
        run = _bundle_run(images, work_dir, output_dir, options)
        structures = run.parser().get_parsed_content("structures")
        image_of = {case_name(image.file): image for image in images}
        outcome = run_cases(
            run,
            options["jobs"],
            options["dask"],
            quiet=options["as_json"],
            verbose=options["verbose"],
            done=lambda case: derivatives.take(image_of[case], work_dir, structures),
        )
        summary = summarize(work_dir, outcome, options["report"])
    page = derivatives.file(images[0], "_report.html")
    summary["report"] = str(page) if len(images) == 1 and page.is_file() else None  # that of several is the group's
    summary["output_dir"] = str(derivatives.folder)
    for case in summary["cases"]:
        case["segmentation"] = str(derivatives.file(image_of[case["case"]], "_dseg.nii.gz"))
    print_summary(summary, derivatives.folder / "logs/failures.csv", options["as_json"])
    return bool(outcome.failures)
