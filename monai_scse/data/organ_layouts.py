"""Where CT data sets keep scans and organ labels: one small reader for each layout.

A case is ``{"image": file, "label": label}``. The label is a file with numbers (pairs) or a dictionary from the name of
each annotated organ to its mask files. :class:`monai_scse.transforms.LoadOrganLabelsd` reads both.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..labels import Organ, organ_protocol, organ_table
from ..runtime import InputError
from ..runtime.arguments import check_choice, path_of
from .cases import case_name, check_is_folder, image_files, labelled_cases

__all__ = ["LAYOUTS", "organ_cases"]

_logger = logging.getLogger(__name__)

_Case = dict[str, Any]
_CORPORA = ("gold", "silver")


def _annotated(masks: Mapping[str, Sequence[Path]]) -> dict[str, list[str]]:
    """The organs that have a file for each part. Half an organ is not annotated.

    A link that leads nowhere is a file, which fails when it is read.
    """
    return {
        name: [str(file) for file in files]
        for name, files in masks.items()
        if files and all(file.is_file() or file.is_symlink() for file in files)
    }


def _pairs(folder: Path, organs: Sequence[Organ]) -> list[_Case]:
    """``images/`` and ``labels/`` with the same file names in both."""
    return labelled_cases(folder)


def _totalsegmentator(folder: Path, organs: Sequence[Organ]) -> list[_Case]:
    """A folder a case, with ``ct.nii.gz`` and ``segmentations/<organ>.nii.gz``."""
    cases = []
    for image in sorted(case / "ct.nii.gz" for case in folder.iterdir()):
        if not (image.is_file() or image.is_symlink()):
            continue
        masks = {
            organ.name: [image.parent / "segmentations" / f"{part}.nii.gz" for part in organ.totalsegmentator]
            for organ in organs
        }
        cases.append({"image": str(image), "label": _annotated(masks)})
    return cases


def _visceral(folder: Path, organs: Sequence[Organ]) -> list[_Case]:
    """Volumes ``<patient>_<...>_CT<...>.nii.gz`` and masks ``<volume>_<RadLexID>_<...>.nii.gz``, in any folders.

    Where several annotators made a mask of an organ, the first by name counts.
    """
    files = {case_name(file): file for file in image_files(folder, recursive=True)}
    volumes = [name for name in files if "_ct" in name.lower() and not _radlex_of(name, files)]
    cases = []
    for volume in volumes:
        masks: dict[int, Path] = {}
        for name in sorted(name for name in files if name.startswith(f"{volume}_")):
            radlex = _radlex_of(name, files)
            if radlex is not None:
                masks.setdefault(radlex, files[name])
        missing = Path("not annotated")
        label = _annotated({organ.name: [masks.get(part, missing) for part in organ.visceral] for organ in organs})
        cases.append({"image": str(files[volume]), "label": label})
    return cases


def _radlex_of(name: str, files: Mapping[str, Path]) -> int | None:
    """The RadLex identifier in the name of a mask: what follows the name of its volume."""
    parts = name.split("_")
    for length in range(len(parts) - 1, 0, -1):
        if "_".join(parts[:length]) in files and parts[length].isdigit():
            return int(parts[length])
    return None


#: The layouts by name: functions of the folder and the organs that give the list of cases.
LAYOUTS: dict[str, Callable[[Path, Sequence[Organ]], list[_Case]]] = {
    "pairs": _pairs,
    "totalsegmentator": _totalsegmentator,
    "visceral": _visceral,
}


def _missing_organs(case: _Case, organs: Sequence[Organ], label_numbers: str) -> list[str]:
    if isinstance(case["label"], Mapping):
        return [organ.name for organ in organs if organ.name not in case["label"]]
    if label_numbers == "classes":
        return []
    return [organ.name for organ in organs if not organ.numbers.get(label_numbers)]


def _report(folder: Path, layout: str, cases: Sequence[_Case], missing: Mapping[str, Sequence[str]]) -> None:
    incomplete = {case: organs for case, organs in missing.items() if organs}
    _logger.info(f"{folder}: {len(cases)} cases ({layout}), {len(incomplete)} of them not annotated completely.")
    for case, organs in list(incomplete.items())[:10]:
        _logger.info(f"  {case}: not annotated: {', '.join(organs)}")
    if len(incomplete) > 10:
        counts = Counter(organ for organs in incomplete.values() for organ in organs)
        _logger.info("  ... in all: " + ", ".join(f"{organ} in {count}" for organ, count in counts.most_common()))


def organ_cases(
    dataset_dir: str | Path,
    organs: Sequence[Mapping[str, Any]],
    layout: str = "pairs",
    label_numbers: str = "classes",
    corpus: str | None = None,
) -> list[_Case]:
    """The labelled CT scans of a data set. The log says which organs lack annotation.

    Args:
        dataset_dir: the folder of the data set.
        organs: the organ table, see :func:`monai_scse.labels.organ_table`.
        layout: ``"pairs"`` (images/ and labels/), ``"totalsegmentator"`` (a folder a case, a file an organ) or
            ``"visceral"`` (a file an organ, RadLex identifiers).
        label_numbers: for pairs, what the numbers mean: ``"classes"`` (1 for the first organ of the table, and so on),
            or a key of the organ table.
        corpus: ``"silver"`` for the cases below a folder with that word in its name, ``"gold"`` for all others, None
            for both. Visceral trains on one and tests on the other.

    Returns:
        ``[{"image": file, "label": file or {organ: [mask files]}}, ...]``, sorted by name.

    Raises:
        InputError: when there are no cases, two have the same name, or a case has none of the organs annotated.
    """
    structures = organ_table(organs)
    table = structures[1:]
    check_choice("layout", layout, LAYOUTS)
    if corpus not in (None, *_CORPORA):
        raise InputError(f"corpus must be one of {', '.join(_CORPORA)} or null, got {corpus!r}.")
    organ_protocol(structures, label_numbers)  # refuses one that does not exist
    folder = path_of("dataset_dir", dataset_dir)
    check_is_folder(folder)
    cases = LAYOUTS[layout](folder, table)
    if corpus is not None:
        cases = [case for case in cases if _is_silver(folder, case) == (corpus == "silver")]
    if not cases:
        described = " ".join((LAYOUTS[layout].__doc__ or "").partition("\n")[0].split()).rstrip(".")
        which = "" if corpus is None else f" of the {corpus} corpus"
        raise InputError(f"{folder}: no cases{which} in the layout {layout!r} ({described}); check dataset_dir.")
    missing = {case_name(case["image"]): _missing_organs(case, table, label_numbers) for case in cases}
    if len(missing) < len(cases):
        duplicate = Counter(case_name(case["image"]) for case in cases).most_common(1)[0][0]
        raise InputError(f"{folder}: two cases are called {duplicate!r}; rename one of them.")
    for case in cases:
        if len(missing[case_name(case["image"])]) == len(table):
            raise InputError(
                f"{case['image']}: none of the {len(table)} organs is annotated; remove the case or change organs."
            )
    _report(folder, layout, cases, missing)
    return cases


def _is_silver(folder: Path, case: _Case) -> bool:
    return any("silver" in part.lower() for part in Path(case["image"]).relative_to(folder).parts[:-1])
