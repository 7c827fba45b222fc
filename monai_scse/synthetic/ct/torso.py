"""CT scans of synthetic torsos: seeded, labelled, with organs of the sizes that people have.

Tests, demo and the weights of the whole-body CT bundle use them, since no CT with labels can be shipped. ``python -m
monai_scse.synthetic.ct.torso --output_dir DATA`` writes a labelled data set.

Coordinates are millimetres in RAS: x to the patient's right, y to the front, z up. The origin lies in front of the
spine at the height of the first lumbar vertebra, for a person of 1.70 m.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from .canvas import TORSO, Canvas
from .frame import build_frame
from .measures import Person, draw_person
from .organs import fill_torso
from .pathology.draw import draw_pathology
from .pathology.table import USUAL
from .rendering import SyntheticCT, render_ct, save_cases
from .surroundings import cover_with_sheet, lay_on_table

__all__ = ["FIELDS_OF_VIEW", "paint_torso", "save_synthetic_cases", "synthetic_ct"]

#: Lower and upper end of a scan in mm, see the module for the origin.
FIELDS_OF_VIEW = {
    "whole torso": (-335.0, 300.0),
    "abdomen and pelvis": (-335.0, 100.0),
    "thorax and abdomen": (-140.0, 300.0),
    "abdomen": (-160.0, 105.0),
    "thorax": (5.0, 300.0),
}
_COARSE_MM = 6.0  # voxels in which organs are measured


def paint_torso(seed: int, person: Person, axes: Sequence[np.ndarray]) -> Canvas:
    """Paint a person's torso: organs are measured on a coarse grid of the whole torso, then painted on the scan's.

    Args:
        seed: shapes and positions come from it.
        person: sizes, see :func:`monai_scse.synthetic.ct.measures.draw_person`.
        axes: positions of the voxels in mm along x, y and z.

    Returns:
        Its ``labels`` are indices of :data:`SYNTHETIC_STRUCTURES`.
    """
    coarse = [np.arange(low, high, _COARSE_MM) for low, high in TORSO]
    coarse[2] = coarse[2] * person.size
    levels = None
    for grid in (coarse, axes):
        canvas = Canvas((seed, 1), grid, person.size, levels)
        fill_torso(canvas, person, build_frame(canvas, person))
        levels = canvas.levels
    return canvas


def synthetic_ct(
    seed: int,
    spacing: Sequence[float] = (3.0, 3.0, 3.0),
    field_of_view: str | None = None,
    sex: str | None = None,
    pathology: Mapping[str, float] | None = None,
) -> SyntheticCT:
    """Make the CT of a torso.

    Args:
        seed: the same seed, spacing, field of view and sex give the same scan. Seed and sex give the person.
        spacing: voxel size in mm: left-right, front-back, along the body.
        field_of_view: a name in :data:`FIELDS_OF_VIEW`. None draws one.
        sex: ``"female"`` or ``"male"``. None draws it.
        pathology: how likely each is, by its name in
            :data:`monai_scse.synthetic.ct.pathology.table.PATHOLOGY`. None draws the scan without any.

    Raises:
        ValueError: when there is no such field of view, sex or pathology, or the spacing is not three positive sizes.

    Example:
        >>> scan = synthetic_ct(0, spacing=(8, 8, 8), field_of_view="abdomen")
        >>> scan.image.shape == scan.labels.shape, bool((scan.labels == 1).any())  # 1 is the liver
        (True, True)
    """
    if field_of_view is not None and field_of_view not in FIELDS_OF_VIEW:
        raise ValueError(f"field_of_view must be one of {', '.join(FIELDS_OF_VIEW)}, got {field_of_view!r}.")
    if len(spacing) != 3 or not all(0 < size <= 50 for size in spacing):
        raise ValueError(f"spacing must be three voxel sizes in mm, above 0 and up to 50, got {tuple(spacing)}.")
    generator = np.random.default_rng(seed)
    drawn = str(generator.choice(list(FIELDS_OF_VIEW)))
    shifts = generator.normal(0, 12, 2)
    person = draw_person(generator, sex)
    step = np.array(spacing, dtype=float)
    lowest, highest = (end * person.size + shift for end, shift in zip(FIELDS_OF_VIEW[field_of_view or drawn], shifts))
    # scanners show 400 to 500 mm across and cut large bodies off at the sides
    half_width, half_depth = generator.uniform(195, 250), generator.uniform(165, 215)
    centre = generator.uniform(0, 25)
    axes = [
        np.arange(-half_width, half_width, step[0]),
        np.arange(centre - half_depth, centre + half_depth, step[1]),
        np.arange(lowest, highest, step[2]),
    ]
    canvas = paint_torso(seed, person, axes)
    canvas.begin("sheet")
    if canvas.random.random() < 0.4:
        cover_with_sheet(canvas)
    canvas.begin("table")
    if canvas.random.random() < 0.8:
        lay_on_table(canvas)

    ill = None if pathology is None else draw_pathology(seed, canvas.labels, step, pathology)
    labels = canvas.labels if ill is None else ill.labels
    image = render_ct(generator, labels, step, illness=ill)
    # stored as scanners store it: the first axis to the left, the second to the back
    affine = np.diag([-step[0], -step[1], step[2], 1.0])
    affine[:3, 3] = [axes[0][-1], axes[1][-1], axes[2][0]]
    return SyntheticCT(image[::-1, ::-1].copy(), labels[::-1, ::-1].copy(), affine, ill.sizes if ill else {})


def save_synthetic_cases(
    output_dir: str | Path,
    seeds: Sequence[int],
    spacing: Sequence[float] = (3.0, 3.0, 3.0),
    field_of_view: str | None = None,
    pathology: Mapping[str, float] | None = None,
    progress: Callable[[Sequence[int]], Sequence[int]] = lambda seeds: seeds,
) -> None:
    """Write synthetic scans as a labelled data set: ``images/ct_<seed>.nii.gz`` and ``labels/ct_<seed>.nii.gz``.

    Args:
        output_dir: the folder that receives the data set.
        seeds: one scan each.
        spacing: voxel size in mm.
        field_of_view: as in :func:`synthetic_ct`.
        pathology: as in :func:`synthetic_ct`.
        progress: wraps the seeds, for example ``tqdm``.
    """
    save_cases(output_dir, progress(seeds), lambda seed: synthetic_ct(seed, spacing, field_of_view, None, pathology))


def main() -> None:
    """Write a labelled data set of synthetic CT scans."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--output_dir", type=Path, required=True, help="receives images/ and labels/")
    parser.add_argument("--cases", type=int, default=20, help="number of scans")
    parser.add_argument("--first_seed", type=int, default=0, help="seed of the first scan, the others count on")
    parser.add_argument("--spacing", type=float, nargs=3, default=(3.0, 3.0, 3.0), help="voxel size in mm")
    parser.add_argument("--field_of_view", choices=FIELDS_OF_VIEW, help="the same for all; drawn for each by default")
    parser.add_argument("--pathology", action="store_true", help="draw pathology, as often as its table says")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.cases)
    view, progress = options.field_of_view, lambda seeds: tqdm(seeds, desc="synthetic CT")
    pathology = USUAL if options.pathology else None
    save_synthetic_cases(options.output_dir, seeds, options.spacing, view, pathology, progress)


if __name__ == "__main__":
    main()
