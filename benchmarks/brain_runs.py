"""The brain bundle's inference on some scans, with what its Dice is made of. The benchmarks of the brain share it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nibabel
import numpy as np
import pandas as pd
from ignite.engine import Engine, Events
from monai.bundle import ConfigParser

from monai_scse.data import case_name
from monai_scse.labels import label_protocol, structure_table
from monai_scse.metrics import class_sizes, structure_dice
from monai_scse.transforms import CONFIDENCE_KEY, QC_KEY

BUNDLE = Path(__file__).parents[1] / "bundles/brain_mri_scse_segmentation"
STRUCTURES = structure_table(json.loads((BUNDLE / "configs/train.json").read_text())["brain_structures"])
WEIGHTS = BUNDLE / "models/model.pt"
VALIDATION = ("1008", "1013", "1036")


class Segmented(NamedTuple):
    """A scan's segmentation, class indices on the scan's own grid, (x, y, z), and its meta data."""

    case: str
    classes: np.ndarray
    meta: Mapping[str, Any]


def segment(
    files: Sequence[Path],
    weights: Path = WEIGHTS,
    overlays: Sequence[str] = (),
    scaled: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    **options: Any,
) -> Iterator[Segmented]:
    """Run the bundle's inference and write nothing.

    Args:
        files: the scans.
        weights: the network's.
        overlays: further config files of inference, by name in the bundle or by path.
        scaled: a change of the scan when it lies between 0 and 1 and has 1 mm voxels, before the network sees it.
        options: further entries of the config.
    """
    config = ConfigParser()
    config.read_config([str(BUNDLE / "configs" / name) for name in ("inference.json", *overlays)])
    transforms = config["preprocessing"]["transforms"]
    if scaled is not None:
        transforms.insert([each["_target_"] for each in transforms].index("SpatialPadd"), scaled)
    finish = config["postprocessing"]["transforms"]
    config["postprocessing"]["transforms"] = [each for each in finish if "Save" not in each["_target_"]]
    loaders = [each for each in config["handlers"] if isinstance(each, dict) and "load_path" in each]
    entries = {"bundle_root": str(BUNDLE), "ckpt_path": str(weights), "handlers": loaders, "output_dir": "."}
    config.update({**entries, "volume_inferer#progress": False, **options})
    for file in files:
        config["cases"] = [{"image": str(file)}]
        config.parse(reset=True)
        found: list[Segmented] = []
        evaluator = config.get_parsed_content("evaluator")

        @evaluator.on(Events.ITERATION_COMPLETED)
        def _keep(engine: Engine, found: list[Segmented] = found, file: Path = file) -> None:
            pred = engine.state.output[0]["pred"]
            found.append(Segmented(case_name(file), pred[0].cpu().numpy().astype(np.uint8), pred.meta))

        evaluator.run()
        yield from found


def classes_of(file: Path, protocol: str) -> np.ndarray:
    """A label map as class indices."""
    numbers = np.asarray(nibabel.load(file).dataobj)
    return label_protocol(protocol, STRUCTURES).to_classes(numbers, str(file))


def scores(segmented: Segmented, label: np.ndarray, voxel_ml: float) -> pd.DataFrame:
    """Dice, volume, the label's volume, confidence and flag of each structure. What the label lacks has no Dice.

    Args:
        segmented: see :func:`segment`.
        label: class indices on the same grid.
        voxel_ml: volume of a voxel.
    """
    found, truth = (class_sizes(each, len(STRUCTURES)) * voxel_ml for each in (segmented.classes, label))
    dice = np.array([np.nan, *structure_dice(segmented.classes, label, len(STRUCTURES))])
    columns = {
        "case": segmented.case,
        "structure": [structure.name for structure in STRUCTURES],
        "dice": np.where(truth > 0, dice, np.nan),
        "volume_ml": found,
        "label_ml": truth,
    }
    table = pd.DataFrame(columns)
    for column, key in (("confidence", CONFIDENCE_KEY), ("qc", QC_KEY)):
        table[column] = table.index.map(segmented.meta.get(key, {}))
    return table.iloc[1:]
