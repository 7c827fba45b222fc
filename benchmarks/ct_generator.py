"""Processor seconds that the generators of synthetic CT take for a case of 3 mm voxels.

    OMP_NUM_THREADS=1 python benchmarks/ct_generator.py --image CT --label LABELS

Without a scan and its labels (numbers of TotalSegmentator, version 2) only procedural torsos are timed. The last line
is MONAI's Rand3DElastic alone, with a displacement like that of anatomy_ct.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from monai.transforms import Rand3DElastic

from monai_scse.synthetic.ct.anatomy import anatomy_ct, load_anatomy
from monai_scse.synthetic.ct.torso import FIELDS_OF_VIEW, synthetic_ct


def print_seconds(name: str, make: Callable[[int], object], cases: int) -> None:
    """Mean and slowest of some cases, after one that warms up."""
    make(0)
    seconds = []
    for seed in range(1, cases + 1):
        start = time.process_time()
        make(seed)
        seconds.append(time.process_time() - start)
    print(f"{name:<40}{np.mean(seconds):7.2f} s a case, slowest {max(seconds):.2f} s ({cases} cases)")


def main() -> None:
    """Print a line for each field of view and for the anatomy of a scan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--label", type=Path)
    parser.add_argument("--cases", type=int, default=8)
    options = parser.parse_args()
    for view in FIELDS_OF_VIEW:
        print_seconds(
            f"synthetic_ct, {view}", lambda seed, view=view: synthetic_ct(seed, field_of_view=view), options.cases
        )
    if options.image and options.label:
        anatomy = load_anatomy(options.image, options.label)
        elastic = Rand3DElastic(
            sigma_range=(9, 11),
            magnitude_range=(300, 1900),
            prob=1.0,
            spatial_size=[int(extent * 1.15) for extent in anatomy.structures.shape],
            mode="nearest",
        )
        print_seconds(
            f"anatomy_ct, {anatomy.structures.shape} voxels", lambda seed: anatomy_ct(anatomy, seed), options.cases
        )
        print_seconds("Rand3DElastic alone", lambda seed: elastic(anatomy.texture[None]), options.cases)


if __name__ == "__main__":
    main()
