"""The brain bundle on a real scan of a whole head, against the same scan stripped by another program.

    python benchmarks/real_head.py HEAD STRIPPED

Prints what share of the stripped brain the bundle's own extraction keeps, and how much it keeps beside it. Prints Dice
between the segmentations of the two scans. For example ch2.nii.gz and ch2bet.nii.gz of Debian's mricron-data, the Colin
27 template.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from ignite.engine import Engine, Events
from monai.bundle import ConfigParser

from monai_scse.metrics import structure_dice

BUNDLE = Path(__file__).parents[1] / "bundles/brain_mri_scse_segmentation"


def main() -> None:
    """Print extraction and agreement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("head", type=Path)
    parser.add_argument("stripped", type=Path, help="on the same grid, 0 outside the brain")
    options = parser.parse_args()
    config = ConfigParser()
    config.read_config(str(BUNDLE / "configs/inference.json"))
    config["cases"] = [{"image": str(file)} for file in (options.head, options.stripped)]
    prepare = config["preprocessing"]["transforms"]
    extraction = next(i for i, each in enumerate(prepare) if each["_target_"].endswith("ExtractBraind"))
    segmentations = []
    with tempfile.TemporaryDirectory() as folder:
        config.update({"bundle_root": str(BUNDLE), "output_dir": folder})
        evaluator = config.get_parsed_content("evaluator")

        @evaluator.on(Events.ITERATION_COMPLETED)
        def _keep(engine: Engine) -> None:
            segmentations.append(engine.state.output[0]["pred"][0].numpy())

        evaluator.run()
        transforms = config.get_parsed_content("preprocessing").transforms[: extraction + 1]
        masks = []
        for case in config.get_parsed_content("cases"):
            for transform in transforms:
                case = transform(case)
            masks.append((case["image"] > case["image"].min()).numpy())
    found, other = masks
    structures = config.get_parsed_content("structures")
    dice = structure_dice(*segmentations, len(structures))
    lowest = int(np.nanargmin(dice))
    print(f"kept of the stripped brain: {100 * (found & other).sum() / other.sum():.1f} %")
    print(f"kept beside it: {100 * (found & ~other).sum() / other.sum():.1f} % of its volume")
    print(
        f"Dice between the segmentations: {np.nanmean(dice):.3f}, lowest {structures[lowest + 1].name} "
        f"{dice[lowest]:.3f}"
    )


if __name__ == "__main__":
    main()
