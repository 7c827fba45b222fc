"""Write a complete body around the organs of each person, check it, and draw a page of all.

``python -m monai_scse.synthetic.ct.make_bodies --drawings FOLDER --image CT --label LABELS --output_dir BODIES``
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import nibabel
import numpy as np
import pandas

from ...data import case_name
from ...runtime import InputError, atomic_write, one_line_input_errors
from .bodies import Body, body_around
from .body_checks import measure_body
from .body_page import draw_panels, save_page
from .donors import labelled_scan, torso_donor
from .drawings import load_drawing

__all__ = ["save_body"]


def save_body(body: Body, file: str | Path) -> None:
    """Write a body as a label map, numbered as :data:`.structures.SYNTHETIC_STRUCTURES`."""
    atomic_write(file, lambda part: nibabel.save(nibabel.Nifti1Image(body.structures, body.affine), part))


def _drawings(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.nii.gz")) if folder.is_dir() else [folder]
    if not files:
        raise InputError(f"{folder}: holds no label maps; give a folder of .nii.gz files, or one of them.")
    return files


def main() -> None:
    """Write bodies, ``bodies.csv`` and ``bodies.png``."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawings", type=Path, required=True, help="label maps of organs, a folder or a file")
    parser.add_argument("--image", type=Path, help="CT of the donor; a synthetic torso each without it")
    parser.add_argument("--label", type=Path, help="its labels, numbers of TotalSegmentator, version 2")
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--skip_existing", action="store_true", help="keep bodies that were written before")
    parser.add_argument("--spacing", type=float, default=3.0, help="voxel size in mm")
    options = parser.parse_args()
    one_line_input_errors()
    if (options.image is None) != (options.label is None):
        raise InputError("--image and --label belong together; give both, or none for synthetic torsos.")
    if not 0.5 <= options.spacing <= 10:
        raise InputError(f"--spacing {options.spacing}: must be from 0.5 to 10 mm.")
    files = _drawings(options.drawings)
    donor = labelled_scan(options.image, options.label, options.spacing) if options.image else None
    options.output_dir.mkdir(parents=True, exist_ok=True)
    table_file = options.output_dir / "bodies.csv"
    kept = {}
    if options.skip_existing and table_file.is_file():
        kept = {row["body"]: row for row in pandas.read_csv(table_file).to_dict("records")}
    rows, panels = [], []
    for seed, file in enumerate(tqdm(files, desc="bodies")):
        name = case_name(file)
        target = options.output_dir / f"{name}.nii.gz"
        if name in kept and target.is_file():
            structures, row = np.asarray(nibabel.Nifti1Image.from_filename(target).dataobj), kept[name]
        else:
            start = time.process_time()
            drawing = load_drawing(file, options.spacing)
            body = body_around(drawing, donor or torso_donor(seed))
            seconds = time.process_time() - start
            save_body(body, target)
            structures, row = body.structures, {"body": name, "seconds": seconds, **measure_body(body, drawing)}
        rows.append(row)
        panels.append(draw_panels(name, structures, options.spacing, seed))
        table = pandas.DataFrame(rows).round(3)
        atomic_write(table_file, partial(table.to_csv, index=False))
    atomic_write(options.output_dir / "bodies.png", lambda part: save_page(panels, part))
    worst = min(value for row in rows for key, value in row.items() if key.endswith(" dice") and np.isfinite(value))
    print(f"{len(rows)} bodies in {options.output_dir}; lowest Dice of an organ with its drawing {worst:.3f}")


if __name__ == "__main__":
    main()
