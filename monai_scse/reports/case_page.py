"""The page of a case: scan and segmentation to look through, volumes, doubts, origin."""

from __future__ import annotations

import base64
import math
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..labels import Structure
from ..metrics import estimated_intracranial_volume
from ..runtime import atomic_write
from ..runtime.arguments import check_list, check_text, path_of
from ..transforms import AGREEMENT_KEY, CONFIDENCE_KEY
from .measures import brain_volume_ml, flags_in_words, is_brain, mean_of, measure_structures
from .page_template import render_page
from .provenance import provenance, without_folders
from .viewer_volumes import structure_centres, viewer_labels, viewer_scan

__all__ = ["CasePage"]

_LARGEST_PAGE = 14_500_000  # bytes
_FRAME = 2_500_000  # bytes of viewer, style and tables


class CasePage:
    """Write a page that shows a case in a browser, all in one file.

    Nearest is MONAI's ``TensorBoardImageHandler``. It needs a server, and knows no names of structures.

    Args:
        structures: names and colours of the classes, index 0 is background.
        bundle_root: folder of the bundle, for its name, version and the licence of its data.
        weights: files of the weights, for their checksums.
        command: the command line that the page names. None for that of this process.

    Raises:
        InputError: when an argument is odd.
    """

    def __init__(
        self,
        structures: Sequence[Structure],
        bundle_root: str = ".",
        weights: Sequence[str] = (),
        command: str | None = None,
    ) -> None:
        check_list("weights", weights)
        if command is not None:
            check_text("command", command)
        self.structures = structures
        self.bundle_root = path_of("bundle_root", bundle_root)
        self.weights = [path_of("weights", file) for file in weights]
        self.command = command

    def write(
        self,
        path: Path,
        case: str,
        scan: str,
        image: np.ndarray,
        classes: np.ndarray,
        affine: np.ndarray,
        window: tuple[float, float],
        rows: Sequence[Mapping[str, Any]],
        picture: Path | None = None,
    ) -> None:
        """Write the page of a case.

        Args:
            path: the HTML file.
            case: name of the case.
            scan: path of the scan or series. The page has its last part only.
            image: values of the scan, (x, y, z), float32.
            classes: class indices, (x, y, z), uint8.
            affine: voxel to world (RAS, mm) matrix of both, (4, 4).
            window: values of the scan that are black and white.
            rows: see :func:`monai_scse.reports.volume_table`.
            picture: PNG file with slices, for print.

        Raises:
            InputError: when the file cannot be written.
        """
        png = b"" if picture is None else base64.b64encode(picture.read_bytes())
        small, coarse, labels = viewer_labels(classes, affine)
        packed_labels = base64.b64encode(labels)
        left = _LARGEST_PAGE - _FRAME - len(png) - len(packed_labels)
        packed_scan = base64.b64encode(viewer_scan(image, affine, window, left * 3 // 4))
        origin = provenance(
            scan, shlex.split(self.command) if self.command else sys.argv, self.bundle_root, self.weights
        )
        centres = structure_centres(small, coarse)
        page = render_page(
            "case.html",
            case=case,
            date=dict(origin)["Date"][:16],
            task=dict(origin)["Bundle"],
            grid=_grid(image.shape, affine),
            origin=origin,
            picture=png.decode(),
            scan_data=packed_scan.decode(),
            labels_data=packed_labels.decode(),
            viewer={"table": self._colour_table(), "centres": centres},
            centres=centres,
            **self._numbers(rows, classes, affine),
        )
        atomic_write(path, lambda unfinished: unfinished.write_bytes(page))

    def _colour_table(self) -> dict[str, Any]:
        """A colour table of NiiVue."""
        red, green, blue = zip(*(structure.colour for structure in self.structures))
        alpha = [0] + [255] * (len(self.structures) - 1)
        names = [structure.name for structure in self.structures]
        return {"R": red, "G": green, "B": blue, "A": alpha, "I": [*range(len(names))], "labels": names}

    def _numbers(self, rows: Sequence[Mapping[str, Any]], classes: np.ndarray, affine: np.ndarray) -> dict[str, Any]:
        brain = is_brain([row["structure"] for row in rows])
        intracranial = 0.0
        if brain:
            voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
            estimate = estimated_intracranial_volume(classes, voxel_mm.tolist(), self.structures)
            intracranial = 0.0 if math.isnan(estimate) else estimate
        measures = measure_structures(rows)
        colours = [structure.colour for structure in self.structures]
        return {
            "rows": rows,
            "measures": measures,
            "colours": colours,
            "swatches": {one.name: list(dict.fromkeys(colours[row["index"]] for row in one.rows)) for one in measures},
            "decimals": 2 if brain else 1,
            "intracranial": intracranial,
            "sureness": [name for name in (CONFIDENCE_KEY, AGREEMENT_KEY) if rows and name in rows[0]],
            "flags": {names: without_folders(reason) for names, reason in flags_in_words(rows).items()},
            "flagged": sum(bool(row.get("qc")) for row in rows),
            "cut_off": ", ".join(row["structure"] for row in rows if row["touches_border"]),
            "sentences": _sentences(rows),
            "figures": _figures(rows, intracranial),
        }


def _grid(shape: Sequence[int], affine: np.ndarray) -> str:
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    voxels, mm = (" \u00d7 ".join(parts) for parts in (map(str, shape), (f"{size:.3g}" for size in sizes)))
    return f"{voxels} voxels of {mm} mm"


def _sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """How sure the network is, in words."""
    sentences = []
    for key, beginning in (
        (CONFIDENCE_KEY, "The network expects {mean} of the voxels of a structure to be right on average"),
        (AGREEMENT_KEY, "The scan and its mirror image agree on {mean} of a structure on average (Dice)"),
    ):
        known = [row for row in rows if key in row and not math.isnan(row[key])]
        if known:
            least = min(known, key=lambda row: row[key])
            start = beginning.format(mean=f"{100 * mean_of(rows, key):.0f} %")
            sentences.append(f"{start}, and least of the {least['structure']}: {100 * least[key]:.0f} %.")
    return sentences


def _figures(rows: Sequence[Mapping[str, Any]], intracranial: float) -> list[tuple[str, str, str, str]]:
    """The numbers that stand on top: name, value, unit and explanation."""
    figures = []
    brain = brain_volume_ml(rows)
    if not math.isnan(brain):
        figures.append(("Total brain volume", f"{brain:.0f}", "ml", "all structures but the ventricles"))
        ventricles = sum(row["volume_mm3"] for row in rows) / 1000 - brain
        figures.append(("Ventricles", f"{ventricles:.1f}", "ml", "all ventricles together"))
    if intracranial:
        figures.append(
            ("Intracranial volume, estimated", f"{intracranial / 1000:.0f}", "ml", "brain and what surrounds it")
        )
        share = f"{1e5 * brain / intracranial:.1f}"
        figures.append(("Brain share", share, "%", "total brain volume / intracranial volume"))
    found = sum(row["voxels"] > 0 for row in rows)
    figures.append(("Structures found", f"{found}", f"of {len(rows)}", "structures with at least one voxel"))
    for key, name in ((CONFIDENCE_KEY, "Mean confidence"), (AGREEMENT_KEY, "Mean agreement")):
        if not math.isnan(mean := mean_of(rows, key)):
            figures.append((name, f"{mean:.2f}", "", "mean over the structures"))
    return figures
