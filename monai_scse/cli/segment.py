"""``monai-scse segment``: scans in, segmentations out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..runtime import BundleRun, contrast_configs
from .options import check_workers, config_files, output_option, run_options, segment_options, task_argument
from .run_cases import run_cases
from .series import list_series, path_of_series
from .summary import print_summary, summarize
from .usage import one_line_errors, path_word, with_settings

__all__ = ["segment"]

_ONLY = {"views": "brain", "brain_mask": "brain", "labels": "brain", "contrast": "brain"}


def _check_task(task: str, options: dict[str, Any]) -> None:
    for name, owner in _ONLY.items():
        if options[name] and owner != task:
            raise click.UsageError(f"--{name.replace('_', '-')} works with {owner} only")


def _bundle_run(task: str, paths: list[str], output_dir: Path, options: dict[str, Any]) -> BundleRun:
    entries = {
        "dataset_dir": path_word(paths[0]) if len(paths) == 1 else [path_word(path) for path in paths],
        "output_dir": path_word(output_dir),
        "device": options["device"],
        "skip_existing": options["skip_existing"] or None,
        "brain_mask_dir": path_word(options["brain_mask"]) if options["brain_mask"] else None,
        "output_labels": options["labels"],
        "dicom_seg": options["dicom_seg"] or None,
        "seg_nrrd": options["seg_nrrd"] or None,
        "colour_tables": options["color_tables"] or None,
        "report": options["report"] or None,
        **contrast_configs("brain", options["contrast"])[1],
    }
    return BundleRun(task, config_files(options), with_settings(entries, options["settings"]))


@click.command(
    epilog="""\b
Examples:
  monai-scse segment brain T1.nii.gz -o results
  monai-scse segment brain subjects/*.nii.gz -o results --views --device cuda
  monai-scse segment brain T2.nii.gz -o results --contrast any
  monai-scse segment brain T1.nii.gz -o results --labels freesurfer --color-tables
  monai-scse segment body export/ --list-series
  monai-scse segment body export/ -o results --series 4 --dicom-seg
  monai-scse segment body scans/ -o results --skip-existing --set hu_offset=-1024
  monai-scse segment brain cohort/ -o results --jobs 4
"""
)
@task_argument
@click.argument("scans", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@output_option(required=False)  # a list of series needs none
@click.option(
    "--brain-mask",
    type=click.Path(exists=True, file_okay=False),
    help="Brain: folder of brain masks, named as the scans.",
)
@click.option("--dicom-seg", is_flag=True, help="A DICOM SEG for each DICOM series.")
@click.option("--seg-nrrd", is_flag=True, help="A .seg.nrrd for 3D Slicer for each scan.")
@click.option("--color-tables", is_flag=True, help="Colour tables for FreeSurfer, ITK-SNAP and 3D Slicer.")
@click.option("--list-series", is_flag=True, help="List the DICOM series of the folders, and stop.")
@click.option("--series", help="Case name, number or UID of the DICOM series to segment.")
@segment_options
@run_options
def segment(task: str, scans: tuple[Path, ...], output_dir: Path | None, **options: Any) -> None:
    """Segment SCANS: image files, folders of them, or folders of DICOM series.

    TASK is brain, 27 structures in T1-weighted MRI (--contrast any: in all MRI), or body, ten organs in CT. Each scan
    gets a segmentation on its own grid, a table of volumes, a picture, and a report to open in a browser. A scan that
    fails costs that scan alone: failures.csv names it.
    """
    _check_task(task, options)
    check_workers(options)
    with one_line_errors(options):
        if options["list_series"]:
            list_series(scans, options["as_json"])
            return
        if output_dir is None:
            raise click.UsageError("Missing option '-o' / '--output'.")
        paths = [str(scan) for scan in scans]
        if options["series"]:
            if len(scans) != 1 or not scans[0].is_dir():
                raise click.UsageError("--series needs one folder of DICOM series")
            paths = [path_of_series(scans[0], options["series"])]
        run = _bundle_run(task, paths, output_dir, options)
        if options["dry_run"]:
            click.echo(run.command_line)
            return
        _segment(run, output_dir, options)


def _segment(run: BundleRun, output_dir: Path, options: dict[str, Any]) -> None:
    as_json = options["as_json"]
    outcome = run_cases(run, options["jobs"], options["dask"], quiet=as_json, verbose=options["verbose"])
    print_summary(summarize(output_dir, outcome, options["report"]), output_dir / "failures.csv", as_json)
    if outcome.failures:
        raise click.exceptions.Exit(1)
