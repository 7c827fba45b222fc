"""The brain bundle on a whole head, made around a real stripped scan, and on what is no brain."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from nilearn.datasets import load_mni152_template
from support.brain_structures import BRAIN_STRUCTURES
from support.bundle_command import run_bundle

from monai_scse.inferers import BrainExtractor
from monai_scse.labels import label_protocol
from monai_scse.metrics import structure_dice
from monai_scse.networks.nets import SEUNet
from monai_scse.synthetic.head import whole_head
from monai_scse.transforms import SCAN_KEY, ExtractBraind


def _segment(bundle: Path, scans: Path, output: Path) -> pd.DataFrame:
    result = run_bundle(bundle, "inference.json", cwd=output.parent, dataset_dir=scans, output_dir=output, device="cpu")
    assert result.returncode == 0, result.stderr
    return pd.read_csv(output / "volumes.csv", keep_default_na=False).set_index("case")


def _box(where: np.ndarray) -> tuple[slice, ...]:
    return tuple(slice(ends.min(), ends.max() + 1) for ends in np.nonzero(where))


@pytest.mark.long
def test_brain_is_found_in_a_head_made_around_it(brain_bundle, malc2012, tmp_path):
    image, numbers = (
        np.asarray(nibabel.as_closest_canonical(nibabel.load(malc2012 / part / "1013.nii.gz")).dataobj)
        for part in ("images", "labels")
    )
    brain = (image / np.percentile(image, 99.5)).clip(0, 1).astype(np.float32)
    head, inside = whole_head(brain, np.random.default_rng(7), (1, 1, 1))
    (tmp_path / "scans").mkdir()
    nibabel.save(nibabel.Nifti1Image(head, np.eye(4)), tmp_path / "scans/head.nii.gz")
    table = _segment(brain_bundle, tmp_path / "scans", tmp_path / "out")
    assert set(table["scan"]) == {"whole head"}
    assert set(table["qc"]) == {""}
    assert table["confidence"].astype(float).min() > 0.8
    found = np.asarray(nibabel.load(tmp_path / "out/head_seg.nii.gz").dataobj)
    label = label_protocol("neuromorphometrics", BRAIN_STRUCTURES).to_classes(numbers, "1013")[_box(image > 0)]
    assert np.nanmean(structure_dice(found[_box(inside)], label, 28)) > 0.85
    assert np.count_nonzero(found) - np.count_nonzero(found[_box(inside)]) < 500  # voxels of 1 mm3 off the brain


@pytest.mark.long
def test_brain_is_found_in_many_heads(brain_bundle):
    template = nibabel.as_closest_canonical(load_mni152_template(resolution=3))
    brain = np.asarray(template.dataobj, dtype=np.float32)
    brain = (brain / np.percentile(brain, 99.5)).clip(0, 1)
    brain[brain < 0.1] = 0  # what interpolation left around it
    parser = ConfigParser()
    parser.read_config(str(brain_bundle / "configs/inference.json"))
    network = parser.get_parsed_content("brain_extraction_def")
    extract = ExtractBraind("image", BrainExtractor(network, brain_bundle / "models/brain_extraction.pt").predict)
    for seed in range(12):
        head, inside = whole_head(brain, np.random.default_rng(seed), (3, 3, 3))
        affine = torch.diag(torch.tensor([3.0, 3, 3, 1]))
        scan = MetaTensor(torch.from_numpy(head[None]), affine=affine, meta={"filename_or_obj": f"head {seed}"})
        found = extract({"image": scan})["image"]
        assert found.meta[SCAN_KEY] == "whole head"
        found = found[0].numpy() > 0
        missed, beside = np.count_nonzero(inside & ~found), np.count_nonzero(found & ~inside)
        assert missed < 0.1 * inside.sum(), seed
        assert beside < 0.15 * inside.sum(), seed


@pytest.mark.long
def test_what_is_no_brain_is_flagged(brain_bundle, tmp_path):
    (tmp_path / "scans").mkdir()
    noise = np.random.default_rng(0).normal(0, 1, (60, 60, 60)).astype(np.float32)
    ball = np.linalg.norm(np.indices((60, 60, 60)) - 30, axis=0) < 18
    for name, volume in {"noise": noise, "ball": 100 * ball + noise * ball}.items():
        nibabel.save(nibabel.Nifti1Image(volume, np.diag([2, 2, 2, 1])), tmp_path / f"scans/{name}.nii.gz")
    table = _segment(brain_bundle, tmp_path / "scans", tmp_path / "out")
    assert (table["qc"] != "").groupby(level="case").sum().eq(27).all()


def test_weights_of_the_brain_extraction_fit_its_network_everywhere(brain_bundle):
    definitions = []
    for config in ("train.json", "inference.json"):
        parser = ConfigParser()
        parser.read_config(str(brain_bundle / "configs" / config))
        definitions.append(parser["brain_extraction_def"])
    assert all(definition == definitions[0] for definition in definitions)
    parser = ConfigParser()
    parser.read_config([str(brain_bundle / "configs" / name) for name in ("train.json", "brain_extraction.yaml")])
    trained = parser.get_parsed_content("network_def")
    used = SEUNet(**{name: value for name, value in definitions[0].items() if name != "_target_"})
    assert {name: value.shape for name, value in trained.state_dict().items()} == {
        name: value.shape for name, value in used.state_dict().items()
    }
    assert (brain_bundle / "models/brain_extraction.pt").stat().st_size < 1_000_000
