"""Cases and options with which the bundles run in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from monai.bundle import ConfigParser

from monai_scse.synthetic.ct.torso import save_synthetic_cases
from support.phantom_brains import phantom, save_case

SMALL = {
    "brain_mri_scse_segmentation": {"slice_size": [32, 32]},
    "wholebody_ct_scse_segmentation": {"slice_size": [48, 48], "spacing": [9, 9, 9], "label_numbers": "synthetic"},
}


def save_tiny_weights(bundle: Path, file: Path, **entries: object) -> Path:
    """Write random weights of a bundle's network with four features, or with other entries of ``network_def``."""
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs/inference.json"))
    parser.update({"network_def#features": 4, **entries})
    torch.save(parser.get_parsed_content("network_def").state_dict(), file)
    return file


def save_small_cases(bundle: str, folder: Path, seeds: Iterable[int]) -> None:
    """Write images/ and labels/ for a bundle, a case for each seed."""
    if bundle.startswith("brain"):
        for seed in seeds:
            save_case(folder, f"case{seed}", *phantom(seed))
    else:
        save_synthetic_cases(folder, seeds, spacing=(9, 9, 9))
