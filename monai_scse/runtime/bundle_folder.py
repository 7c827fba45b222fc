"""Where the bundles of this package are."""

from __future__ import annotations

from pathlib import Path

from .arguments import check_choice
from .errors import InputError

__all__ = ["BUNDLES", "bundle_folder"]

#: For each task, the name of its bundle.
BUNDLES = {"brain": "brain_mri_scse_segmentation", "body": "wholebody_ct_scse_segmentation"}


def bundle_folder(task: str) -> Path:
    """The folder of a bundle: in the installed package, or in the repository that it is installed from.

    Args:
        task: ``"brain"`` or ``"body"``.

    Raises:
        InputError: when there is no such task, or the installation lacks the bundle.
    """
    check_choice("task", task, BUNDLES)
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "bundles" / BUNDLES[task], package.parent / "bundles" / BUNDLES[task]):
        if (folder / "configs/metadata.json").is_file():
            return folder
    raise InputError(f"{package}: holds no bundle {BUNDLES[task]}; install the wheel of monai-scse again.")
