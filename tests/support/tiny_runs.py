"""Inference of a bundle with a tiny network of random weights, one scan after another, and what must hold of each."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser

from monai_scse.data import case_name, image_cases
from monai_scse.runtime import InputError

BUNDLES = {
    "brain": Path(__file__).parents[2] / "bundles/brain_mri_scse_segmentation",
    "ct": Path(__file__).parents[2] / "bundles/wholebody_ct_scse_segmentation",
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "brain": {"slice_size": [32, 32], "spacing": [6.0, 6.0, 6.0], "mirror_every": 0, "overlay": False},
    "ct": {"slice_size": [32, 32], "spacing": [9.0, 9.0, 9.0], "overlay": False},
}


@dataclass(frozen=True)
class Outcome:
    """What becomes of one scan.

    Args:
        segmentation: file of the segmentation, None for a scan that is refused.
        message: the line that refuses it, empty otherwise.
        trace: the traceback of an error that no check expects, empty otherwise.
    """

    segmentation: Path | None
    message: str = ""
    trace: str = ""


class TinyRun:
    """A bundle with a tiny network, built once.

    Args:
        name: ``"brain"`` or ``"ct"``.
        folder: receives the weights and the results.
        overrides: further options of the bundle.
    """

    def __init__(self, name: str, folder: Path, **overrides: Any) -> None:
        self.name, self.output = name, folder / "out"
        parser = ConfigParser()
        parser.read_config(str(BUNDLES[name] / "configs/inference.json"))
        parser.update({"bundle_root": str(BUNDLES[name]), "output_dir": str(self.output), "device": "cpu"})
        parser.update({"network_def#features": 4, "cases": [], "ckpt_path": str(folder / "tiny.pt")})
        parser.update({"volume_inferer#progress": False, **_OPTIONS[name], **overrides})
        torch.manual_seed(0)
        torch.save(parser.get_parsed_content("network_def").state_dict(), folder / "tiny.pt")
        parser["unfinished_cases"] = [{"image": "none"}]
        self.overlay = parser.get_parsed_content("overlay")
        self.evaluator = parser.get_parsed_content("evaluator")
        self.dataset = parser.get_parsed_content("dataset")
        self.failures = parser.get_parsed_content("failures")

    def __call__(self, scan: Path) -> Outcome:
        """Segment a file or a folder with one scan."""
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir(parents=True)
        try:
            cases = image_cases(scan, {"brain": "MR", "ct": "CT"}[self.name])
        except InputError as error:
            return Outcome(None, str(error))
        self.dataset.data = cases[:1]
        self.evaluator.run()
        case = case_name(cases[0]["image"])
        names = {file.name for file in self.output.iterdir()}
        results = {f"{case}_seg.nii.gz", f"{case}_volumes.csv", "volumes.csv"}
        if self.overlay:
            results.add(f"{case}_overlay.png")
        if not Path(cases[0]["image"]).is_file():
            results |= {f"{case}_series.csv", "cases.csv"}
        if not (self.output / "failures.csv").exists():
            assert names == results
            return Outcome(self.output / f"{case}_seg.nii.gz")
        (failure,) = self.failures.failures
        return Outcome(None, failure.message, failure.trace)


def check_outcome(run: TinyRun, scan: Path) -> Outcome:
    """Segment a scan. It is refused in one line that names its file, or has a right segmentation. Nothing else."""
    outcome = run(scan)
    assert not outcome.trace, outcome.trace
    if outcome.segmentation is None:
        assert str(scan) in outcome.message
        assert "\n" not in outcome.message
        assert outcome.message.count("; ") == 1
        assert {file.name for file in run.output.iterdir() if "failure" not in file.name} == set()
        return outcome
    segmentation = nibabel.load(outcome.segmentation)
    if scan.is_file():
        image = nibabel.load(scan)
        assert segmentation.shape == image.shape[:3]
        np.testing.assert_array_equal(segmentation.affine, image.affine)
    voxels = np.bincount(np.asarray(segmentation.dataobj).ravel())
    volume = abs(np.linalg.det(segmentation.affine[:3, :3].astype(np.float64)))
    table = pd.read_csv(run.output / "volumes.csv")
    for row in table.to_dict("records"):
        count = voxels[row["index"]] if row["index"] < len(voxels) else 0
        assert row["voxels"] == count
        assert abs(row["volume_mm3"] - count * volume) <= 0.051 + 1e-6 * count * volume
    assert table["voxels"].sum() == voxels[1:].sum()
    return outcome
