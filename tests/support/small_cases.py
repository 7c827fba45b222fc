"""Cases and options with which the bundles run in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from monai_scse.synthetic.ct.torso import save_synthetic_cases
from support.phantom_brains import phantom, save_case

SMALL = {
    "brain_mri_scse_segmentation": {"slice_size": [32, 32]},
    "wholebody_ct_scse_segmentation": {"slice_size": [48, 48], "spacing": [9, 9, 9], "label_numbers": "synthetic"},
}


def save_small_cases(bundle: str, folder: Path, seeds: Iterable[int]) -> None:
    """Write images/ and labels/ for a bundle, a case for each seed."""
    if bundle.startswith("brain"):
        for seed in seeds:
            save_case(folder, f"case{seed}", *phantom(seed))
    else:
        save_synthetic_cases(folder, seeds, spacing=(9, 9, 9))
