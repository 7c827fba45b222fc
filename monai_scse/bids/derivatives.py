"""Results in the places and with the names that BIDS has for derivatives."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..data import case_name
from ..labels import SUBCORTICAL_GREY, Structure
from ..runtime import InputError, atomic_write, check_output_dir
from .dataset import BidsImage, dataset_description

__all__ = ["Derivatives", "tsv_text"]

_PIPELINE = "monai-scse"
_BIDS_VERSION = "1.10.0"
_DESC = "_desc-scse"
_FIGURES = (".png", ".html", ".svg")

# the label of each structure, its side aside, in the table of common image-derived labels of BIDS
_COMMON_LABELS = {
    "cerebral white matter": 2,
    "cerebral cortex": 8,
    "lateral ventricle": 3,
    "3rd ventricle": 3,
    "4th ventricle": 3,
    "brainstem": 10,
    "cerebellum white matter": 11,
    "cerebellum cortex": 11,
    **dict.fromkeys(SUBCORTICAL_GREY, 9),
}

# of the columns that BIDS does not define itself
_COLUMNS: dict[str, dict[str, str]] = {
    "voxels": {"Description": "Number of voxels"},
    "volume_mm3": {"Description": "Volume", "Units": "mm^3"},
    "touches_border": {"Description": "Whether the structure touches the border of the image, which may cut it off"},
    "confidence": {"Description": "Mean probability of the structure in its voxels, 0 to 1"},
    "agreement": {"Description": "Dice of the structure between the network's results for the image and its mirror"},
    "scan": {"Description": "Whether the image is a whole head or a brain without skull"},
    "qc": {"Description": "Why the structure is removed or doubtful, n/a for none"},
}

_IGNORED = """figures
*.html
*.stats
*.txt
*.csv
*.nrrd
group_*
"""

_README = """# Brain segmentations by monai-scse

Each T1-weighted image of the data set has a segmentation on its own grid, made by `monai-scse bids` for
research. A network with scSE blocks finds the structures.

- `sub-*/[ses-*/]anat/*_desc-scse_dseg.nii.gz`: the segmentation, a number for each structure.
- `*_desc-scse_dseg.tsv`: number, name and colour of each structure, its volume, and what is known about it.
- `*_desc-scse_dseg.json`: the image that it was made of, and what the columns mean.
- `sub-*/figures/`: a picture of each segmentation, and a report. Look at them before you use the volumes.
- `logs/failures.csv`: the images that could not be segmented, and why.
- `group_volumes.tsv`, `group_report.html`: all images, which `monai-scse bids BIDS_DIR OUT_DIR group` writes.
"""


def tsv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as the text of a table of BIDS: tabs, no quotes, and n/a for what is absent."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines: list[list[Any]] = [columns, *([row.get(name) for name in columns] for row in rows)]
    return "".join("\t".join([_cell(value) for value in line]) + "\n" for line in lines)


def _cell(value: Any) -> str:
    return " ".join(str(value).split()) if value not in ("", None) else "n/a"


class Derivatives:
    """The derivatives of a data set, of which several processes may write different images.

    An image is complete when its table is there, the last file that it gets.

    Args:
        folder: where they are.
        bids_dir: folder of the data set that they are made of.
    """

    def __init__(self, folder: Path, bids_dir: Path) -> None:
        self.folder = folder
        self.bids_dir = bids_dir

    def prepare(self) -> None:
        """Write what describes the folder: ``dataset_description.json``, ``README.md`` and ``.bidsignore``.

        Raises:
            InputError: when the folder is the data set itself or in that of a participant, holds another data set, or
                cannot be written.
        """
        folder, data = self.folder.resolve(), self.bids_dir.resolve()
        if folder == data:
            raise InputError(f"{self.folder}: the data set itself; choose another folder for the results.")
        if folder.is_relative_to(data) and folder.relative_to(data).parts[0].startswith("sub-"):
            raise InputError(f"{self.folder}: in the folder of a participant; choose another folder for the results.")
        check_output_dir(self.folder)
        made_by = {"Name": _PIPELINE, "Version": version(_PIPELINE)}
        file = self.folder / "dataset_description.json"
        if file.is_file():
            description = dataset_description(self.folder)
            programs = description.get("GeneratedBy")
            programs = [each for each in programs if isinstance(each, dict)] if isinstance(programs, list) else []
            if _PIPELINE not in [each.get("Name") for each in programs]:
                name = ", ".join(str(each.get("Name")) for each in programs) or description.get("Name", "another")
                raise InputError(f"{self.folder}: holds a data set of {name}; choose another folder for the results.")
            if made_by in programs:
                return
            description["GeneratedBy"] = [*programs, made_by]
        else:
            description = self._description(made_by)
        self._write(self.folder / ".bidsignore", _IGNORED)
        self._write(self.folder / "README.md", _README)
        self._write(file, json.dumps(description, indent=2) + "\n")

    def _description(self, made_by: Mapping[str, str]) -> dict[str, Any]:
        source = dataset_description(self.bids_dir)
        where = self.bids_dir.resolve().as_uri()
        dataset = {"URL": where, "DOI": source.get("DatasetDOI"), "Version": source.get("DatasetVersion")}
        return {
            "Name": f"Brain segmentations of {source.get('Name') or self.bids_dir.resolve().name}",
            "BIDSVersion": _BIDS_VERSION,
            "DatasetType": "derivative",
            "GeneratedBy": [made_by],
            "SourceDatasets": [{name: value for name, value in dataset.items() if value}],
            "DatasetLinks": {"raw": where},
        }

    @staticmethod
    def _write(file: Path, text: str) -> None:
        atomic_write(file, lambda path: path.write_text(text, encoding="utf-8"))

    def file(self, image: BidsImage, ending: str) -> Path:
        """Where a result of an image is.

        Args:
            image: the image.
            ending: the end of the name, such as ``_dseg.tsv``. Pictures and pages are in the figures of a participant.
        """
        participant = Path(image.source).parts[0]
        inside = f"{participant}/figures" if ending.endswith(_FIGURES) else str(Path(image.source).parent)
        return self.folder / inside / f"{image.stem}{_DESC}{ending}"

    def is_complete(self, image: BidsImage) -> bool:
        """Whether an image has a segmentation and its table."""
        return all(self.file(image, f"_dseg{suffix}").is_file() for suffix in (".nii.gz", ".tsv"))

    def labels(self, image: BidsImage) -> str:
        """The name of the numbers in a complete segmentation, ``classes`` or ``freesurfer``. Empty for no such."""
        if not self.is_complete(image):
            return ""
        numbers = [int(row["index"]) for row in self.rows(image)]
        return "classes" if numbers == list(range(1, len(numbers) + 1)) else "freesurfer"

    def take(self, image: BidsImage, work_dir: Path, structures: Sequence[Structure]) -> None:
        """Give the results of an image their places, once all of them are there.

        Args:
            image: the image.
            work_dir: folder with ``<case>_seg.nii.gz``, ``<case>_volumes.csv`` and other files of the case.
            structures: names and colours of the classes, index 0 is background.

        Raises:
            InputError: when a file cannot be written.
        """
        case = case_name(image.file)
        segmentation, volumes = work_dir / f"{case}_seg.nii.gz", work_dir / f"{case}_volumes.csv"
        table = self._table(volumes, structures)
        size = _voxel_size(segmentation)
        for earlier in ("_dseg.tsv", "_dseg.png", "_report.html", "_aseg.stats"):  # without its table not complete
            with suppress(OSError):  # writing the new one says what is wrong
                self.file(image, earlier).unlink(missing_ok=True)
        self._move(segmentation, self.file(image, "_dseg.nii.gz"))
        for other in sorted(work_dir.iterdir()):
            if other.name.startswith((f"{case}_", f"{case}.")) and other != volumes:
                ending = other.name.removeprefix(case)
                self._move(other, self.file(image, "_dseg.png" if ending == "_overlay.png" else ending))
        sidecar = json.dumps(self._sidecar(image, size, table, structures), indent=2) + "\n"
        self._write(self.file(image, "_dseg.json"), sidecar)
        self._write(self.file(image, "_dseg.tsv"), tsv_text(table))

    @staticmethod
    def _move(file: Path, place: Path) -> None:
        atomic_write(place, lambda path: os.replace(file, path))

    @staticmethod
    def _table(volumes: Path, structures: Sequence[Structure]) -> list[dict[str, Any]]:
        """The table of volumes with the columns of a lookup table of BIDS before it."""
        colours = {structure.name: structure.colour for structure in structures}
        with volumes.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        table = []
        for row in rows:
            index, name = row.pop("index"), row.pop("structure")
            number = row.pop("label", index)  # in the file, where it is not the class
            colour = "#{:02x}{:02x}{:02x}".format(*colours[name])
            mapping = _COMMON_LABELS.get(name.removeprefix("left ").removeprefix("right "))
            table.append({"index": number, "name": name, "color": colour, "mapping": mapping, **row})
        return table

    @staticmethod
    def _sidecar(
        image: BidsImage, size: str, table: Sequence[Mapping[str, Any]], structures: Sequence[Structure]
    ) -> dict[str, Any]:
        source = f"bids:raw:{image.source}"
        return {
            "Description": f"Segmentation of {len(structures) - 1} structures by a network with scSE blocks",
            "Sources": [source],
            "SpatialReference": source,
            "Resolution": f"The grid of the source, voxels of {size} mm",
            "Manual": False,
            "LabelMap": {row["index"]: row["name"] for row in table},
            **{name: _COLUMNS[name] for name in table[0] if name in _COLUMNS},
        }

    def rows(self, image: BidsImage) -> list[dict[str, str]]:
        """The table of a complete image."""
        with self.file(image, "_dseg.tsv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _voxel_size(file: Path) -> str:
    import nibabel

    image: Any = nibabel.load(file)
    return " x ".join(f"{size:.4g}" for size in image.header.get_zooms()[:3])
