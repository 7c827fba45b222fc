"""The results of all images of a data set in one table and on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ..data import case_name
from ..runtime import CaseTables, InputError, atomic_write
from .dataset import BidsImage
from .derivatives import Derivatives, tsv_text

__all__ = ["write_group", "write_group_page"]

_PREFIXES = {"subject": ("participant_id", "sub-"), "session": ("session_id", "ses-")}


def _columns(image: BidsImage, entities: Sequence[str]) -> dict[str, str]:
    """The entities of an image as columns, participant_id and session_id first, which have their prefixes."""
    columns = {}
    for entity in entities:
        name, prefix = _PREFIXES.get(entity, (entity, ""))
        columns[name] = f"{prefix}{image.entities[entity]}" if entity in image.entities else "n/a"
    return columns


def write_group(derivatives: Derivatives, images: Sequence[BidsImage]) -> tuple[Path, list[BidsImage]]:
    """Write ``group_volumes.tsv``, a row for each structure of each image.

    Args:
        derivatives: results of the images.
        images: those to put together.

    Returns:
        the table, and the images that have no results yet.

    Raises:
        InputError: when no image has results, or the file cannot be written.
    """
    done = [image for image in images if derivatives.is_complete(image)]
    if not done:
        raise InputError(
            f"{derivatives.folder}: has no results of the {len(images)} T1w images; run the level participant first."
        )
    entities = list(dict.fromkeys([*_PREFIXES, *(name for image in done for name in image.entities)]))
    rows = [{**_columns(image, entities), **row} for image in done for row in derivatives.rows(image)]
    file = derivatives.folder / "group_volumes.tsv"
    atomic_write(file, lambda path: path.write_text(tsv_text(rows), encoding="utf-8"))
    return file, [image for image in images if image not in done]


def write_group_page(derivatives: Derivatives, images: Sequence[BidsImage]) -> Path:
    """Write ``group_report.html``, the page of all images, which leads to the page of each.

    Args:
        derivatives: results of the images.
        images: those to show. Failures are in ``logs``.

    Returns:
        the page.

    Raises:
        InputError: when it cannot be written.
    """
    from ..reports import CohortCase, cohort_page

    cases, failures = [], []
    failed = CaseTables(derivatives.folder / "logs", "failure").cases()
    for image in images:
        failures += [{"case": image.stem, **row} for row in failed.get(case_name(image.file), [])]
        if derivatives.is_complete(image):
            rows = [
                {name: "" if value == "n/a" else value for name, value in row.items()}
                for row in derivatives.rows(image)
            ]
            page = derivatives.file(image, "_report.html")
            link = f"./{quote(page.relative_to(derivatives.folder).as_posix())}" if page.is_file() else ""
            cases.append(CohortCase(image.stem, [{**row, "structure": row["name"]} for row in rows], link))
    file = derivatives.folder / "group_report.html"
    content = cohort_page(cases, failures)
    atomic_write(file, lambda path: path.write_bytes(content))
    return file
