"""The T1-weighted images of a BIDS data set."""

from __future__ import annotations

import difflib
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data import case_name
from ..runtime import InputError

__all__ = ["BidsImage", "dataset_description", "find_images", "participant_labels", "read_filters"]

_DESCRIPTION = "dataset_description.json"
_IN_NAMES = ("datatype", "extension", "suffix")  # what pybids calls entities, and the names of files say otherwise


@dataclass(frozen=True)
class BidsImage:
    """An image of a data set.

    Args:
        file: its path.
        source: its path from the folder of the data set, with slashes.
        entities: the entities of its name by their long names, such as subject, session, acquisition and run.
    """

    file: Path
    source: str
    entities: Mapping[str, str]

    @property
    def stem(self) -> str:
        """Its entities as its name has them, without desc, such as ``sub-01_ses-1_run-2``."""
        return re.sub("_desc-[^_]+", "", self.file.name.rpartition("_")[0])


def dataset_description(bids_dir: Path) -> dict[str, Any]:
    """What ``dataset_description.json`` of a data set says.

    Raises:
        InputError: when the folder has no such file, or it is no JSON.
    """
    file = bids_dir / _DESCRIPTION
    if not file.is_file():
        inner = next(iter(sorted(bids_dir.glob(f"*/{_DESCRIPTION}"))), None)
        cure = f"give {inner.parent}" if inner else "give the folder of a data set that does"
        raise InputError(f"{bids_dir}: no BIDS data set, it has no {_DESCRIPTION}; {cure}.")
    return _read_json(file)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); check its permissions.") from error
    except ValueError as error:
        raise InputError(f"{file}: no JSON ({error}); correct it.") from error
    if not isinstance(content, dict):
        raise InputError(f"{file}: holds no JSON object; write it as {{...}}.")
    return content


def read_filters(file: Path) -> dict[str, Any]:
    """The filter of T1w images in a file, as of fMRIPrep: ``{"t1w": {"acquisition": "mprage", "run": [1, null]}}``.

    Null means that the entity is absent, and ``"*"`` that it has any value. Filters of other images do not count.

    Raises:
        InputError: when the file is no JSON, or has no filter of T1w images.
    """
    content = _read_json(file)
    filters = content.get("t1w")
    if not isinstance(filters, dict):
        names = ", ".join(content) or "none"
        raise InputError(f'{file}: its filters are {names}; write {{"t1w": {{"acquisition": "mprage"}}}}.')
    for name, value in filters.items():
        values = value if isinstance(value, list) else [value]
        if not all(part is None or isinstance(part, (str, int)) for part in values):
            raise InputError(f"{file}: the filter {name!r} is {value}; write a word, a number, null or a list of them.")
    return filters


def participant_labels(bids_dir: Path, wanted: Sequence[str] = ()) -> list[str]:
    """The labels of the participants, without ``sub-``, sorted.

    Args:
        bids_dir: folder of the data set.
        wanted: labels to choose, with or without ``sub-``. All when there are none.

    Raises:
        InputError: when there is no participant, or none of a wanted label.
    """
    there = sorted(folder.name.removeprefix("sub-") for folder in bids_dir.glob("sub-*") if folder.is_dir())
    if not there:
        raise InputError(f"{bids_dir}: no participants, it has no folder sub-...; give the folder of a data set.")
    return _chosen(there, wanted, "sub-", f"{bids_dir}: no participant")


def _chosen(there: Sequence[str], wanted: Sequence[str], prefix: str, lacks: str) -> list[str]:
    labels = dict.fromkeys(label.removeprefix(prefix) for label in wanted)
    if missing := [label for label in labels if label not in there]:
        named = ", ".join(there[:20]) + (", ..." if len(there) > 20 else "")
        raise InputError(f"{lacks} {', '.join(missing)}; choose of {named or 'none'}.")
    return [label for label in there if label in labels or not labels]


def find_images(
    bids_dir: Path,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    filters: Mapping[str, Any] | None = None,
) -> list[BidsImage]:
    """The T1w images of a data set, phase images aside, sorted by their names.

    Args:
        bids_dir: folder of the data set, with ``dataset_description.json`` and ``sub-*``.
        participants: their labels, with or without ``sub-``. All when there are none.
        sessions: their labels, with or without ``ses-``. All when there are none.
        filters: see :func:`read_filters`.

    Raises:
        InputError: when there is no data set, participant, session, entity of a filter or image.
    """
    dataset_description(bids_dir)
    labels = participant_labels(bids_dir, participants)
    images = _query(bids_dir, labels, dict(filters or {}))
    chosen = f"{bids_dir}: no T1w images" + (f" of {', '.join(labels)}" if participants else "")
    if not images:
        cure = "give another filter" if filters else "check that sub-*/anat holds *_T1w.nii.gz"
        raise InputError(f"{chosen}{f' with the filter {dict(filters)}' if filters else ''}; {cure}.")
    there = sorted({image.entities["session"] for image in images if "session" in image.entities})
    if sessions:
        kept = _chosen(there, sessions, "ses-", f"{chosen} in session")
        images = [image for image in images if image.entities.get("session") in kept]
    _refuse_same_results(images)
    return images


def _refuse_same_results(images: Sequence[BidsImage]) -> None:
    """Refuse images that differ in their suffix or desc alone, as a filter may choose them."""
    first: dict[tuple[Path, str], BidsImage] = {}
    for image in images:
        other = first.setdefault((image.file.parent, image.stem), image)
        if case_name(other.file) != case_name(image.file):
            raise InputError(
                f"{image.file}: its results would replace those of {other.source}; choose one by the filter."
            )


def _query(bids_dir: Path, labels: Sequence[str], filters: dict[str, Any]) -> list[BidsImage]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bids.layout import BIDSLayout, BIDSLayoutIndexer, Query

        # folders that hold no image in question, which takes most of the time
        others = re.compile(rf"^/(?!sub-({'|'.join(map(re.escape, labels))})(/|$))")
        not_anat = re.compile(r"^/sub-[^/]+/(ses-[^/]+/)?(?!ses-[^/]+(/|$)|anat(/|$))[^/]+")
        indexer = BIDSLayoutIndexer(validate=False, index_metadata=False, ignore=[others, not_anat, re.compile(r"/\.")])
        layout = BIDSLayout(bids_dir.absolute(), validate=False, indexer=indexer)
        known = layout.get_entities()
        for name in filters.keys() - known.keys():
            nearest = difflib.get_close_matches(name, known, n=1)
            cure = f"did you mean {nearest[0]!r}?" if nearest else "take a long name, such as acquisition or run."
            raise InputError(f"filter of t1w: no entity {name!r}; {cure}")
        meanings = {None: Query.NONE, "*": Query.ANY}
        query = {
            "datatype": "anat",
            "suffix": "T1w",
            "extension": [".nii", ".nii.gz"],
            "part": ["mag", None],
            **filters,
        }
        found = layout.get(
            **{
                name: [meanings.get(part, part) for part in (value if isinstance(value, list) else [value])]
                for name, value in query.items()
            }
        )
    root = Path(layout.root)
    return [
        BidsImage(
            Path(each.path),
            Path(each.path).relative_to(root).as_posix(),
            {name: str(value) for name, value in each.get_entities().items() if name not in _IN_NAMES},
        )
        for each in found
    ]
