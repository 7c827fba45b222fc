"""What the numbers of a segmentation mean, for the programs that show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..labels import Structure, freesurfer_structure
from ..runtime import InputError, atomic_write
from ..runtime.arguments import check_list, check_whole, path_of

if TYPE_CHECKING:
    from ignite.engine import Engine

__all__ = ["ColourTables"]

_Entry = tuple[int, Structure]
_ITK_SNAP = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    IDX:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################"""


def _freesurfer(entries: Iterable[_Entry]) -> list[str]:
    def name(structure: Structure) -> str:
        try:
            return freesurfer_structure(structure.name)[1]
        except InputError:  # an organ, or a structure of the user
            return structure.name.replace(" ", "-")

    rows = (
        f"{number:<4}  {name(one):<40} {' '.join(f'{part:<3}' for part in (*one.colour, 0))}".rstrip()
        for number, one in entries
    )
    return [f"#No. Label Name:{'':<31}R   G   B   A", *rows]


def _itk_snap(entries: Iterable[_Entry]) -> list[str]:
    rows = []
    for number, one in entries:
        shown = int(number > 0)
        colour = "".join(f"{part:5d}" for part in one.colour)
        rows.append(f'{number:5d}{colour}{shown:9d}{shown:3d}{shown:3d}    "{one.name if number else "Clear Label"}"')
    return [*_ITK_SNAP.splitlines(), *rows]


def _slicer(entries: Sequence[_Entry]) -> list[str]:
    rows = []
    for number, one in entries:
        red, green, blue = one.colour
        rows.append(f"{number} {one.name.replace(' ', '_')} {red} {green} {blue} {255 if number else 0}")
    return ["# Color table file", f"# {len(rows)} values", *rows]


class ColourTables:
    """Write ``colour_tables/`` at the start of a run: names and colours of the numbers in its segmentations.

    ``freesurfer_lut.txt`` is for FreeSurfer and freeview, ``itksnap_labels.txt`` for ITK-SNAP, ``slicer.ctbl`` for
    3D Slicer. No handler of MONAI or Ignite resembles it.

    Args:
        output_dir: folder that receives the folder.
        structures: names and colours of the classes, index 0 is background.
        numbers: the number of each class, see :func:`monai_scse.labels.output_numbers`. None for the class indices.

    Raises:
        InputError: when an argument is odd, or a file cannot be written.
    """

    def __init__(self, output_dir: str, structures: Sequence[Structure], numbers: Sequence[int] | None = None) -> None:
        self.folder = path_of("output_dir", output_dir) / "colour_tables"
        if numbers is not None:
            check_list("numbers", numbers, len(structures))
            for number in numbers:
                check_whole("numbers", number, 0, 255)
        self.entries = sorted(
            zip(range(len(structures)) if numbers is None else numbers, structures), key=lambda entry: entry[0]
        )

    def attach(self, engine: Engine) -> None:
        """Attach to the evaluator."""
        from ignite.engine import Events

        engine.add_event_handler(Events.STARTED, self.save)

    def save(self, _: Engine) -> None:
        """Write the tables."""
        self._write("freesurfer_lut.txt", _freesurfer(self.entries))
        self._write("itksnap_labels.txt", _itk_snap(self.entries))
        self._write("slicer.ctbl", _slicer(self.entries))

    def _write(self, name: str, lines: Sequence[str]) -> None:
        atomic_write(self.folder / name, lambda path: path.write_text("\n".join([*lines, ""]), encoding="utf-8"))
