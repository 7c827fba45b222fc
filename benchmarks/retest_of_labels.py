"""How far labels drawn by hand on two scans of one person differ: the floor of a test-retest figure.

    python benchmarks/retest_of_labels.py SCANS LABELS --output_dir OUT

SCANS and LABELS each hold test/ and retest/ with the same file names. The tables are those of the brain bundle's
test_retest.json, made of the labels in place of segmentations.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ignite.engine import Engine
from monai.bundle import ConfigParser
from monai.transforms import Compose, LoadImaged, Orientationd
from tqdm import tqdm

from monai_scse.data import retest_cases
from monai_scse.handlers import RetestScores
from monai_scse.runtime import one_line_input_errors
from monai_scse.transforms import MapLabelsd

BUNDLE = Path(__file__).parents[1] / "bundles/brain_mri_scse_segmentation"


def main() -> None:
    """Write the tables and print their means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scans", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--output_dir", type=Path, required=True)
    options = parser.parse_args()
    one_line_input_errors()
    config = ConfigParser()
    config.read_config(str(BUNDLE / "configs/inference.json"))
    structures = config.get_parsed_content("structures")
    read = Compose(
        [
            LoadImaged(["image", "pred"], ensure_channel_first=True, image_only=True),
            Orientationd(["image", "pred"], "RAS", labels=None),
            MapLabelsd("pred", protocol="neuromorphometrics", structures=structures),
        ]
    )
    pairs = zip(retest_cases(options.scans), retest_cases(options.labels))
    scores = RetestScores(str(options.output_dir), structures)
    for scan, label in tqdm(list(pairs), desc="scans"):
        sample = cast(dict[str, Any], read({"image": scan["image"], "pred": label["image"]}))
        scores.compare_batch(cast(Engine, SimpleNamespace(state=SimpleNamespace(output=[sample]))))
    options.output_dir.mkdir(parents=True, exist_ok=True)
    scores.write()


if __name__ == "__main__":
    main()
