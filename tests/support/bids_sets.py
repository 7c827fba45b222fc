"""Small BIDS data sets, and the command that segments them with a tiny network."""

from __future__ import annotations

import io
import json
from pathlib import Path

import nibabel
from click.testing import CliRunner, Result

from monai_scse.cli import main
from monai_scse.runtime import bundle_folder
from support.bundle_command import as_a_process
from support.phantom_brains import TILTED, phantom
from support.small_cases import save_tiny_weights


def describe(folder: Path, **entries: object) -> Path:
    """Write ``dataset_description.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    description = {"Name": "Phantoms", "BIDSVersion": "1.9.0", **entries}
    (folder / "dataset_description.json").write_text(json.dumps(description))
    return folder


def empty_set(folder: Path, *names: str) -> Path:
    """A data set with empty files in the places that their names say, in anat."""
    describe(folder)
    for name in names:
        file = folder.joinpath(*[part for part in name.split("_") if part.startswith(("sub-", "ses-"))], "anat", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


def phantom_set(folder: Path, *names: str) -> Path:
    """A data set with phantoms of a brain in the same places."""
    empty_set(folder, *names)
    for seed, name in enumerate(names):
        image = nibabel.Nifti1Image(phantom(seed)[0], TILTED)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, next(folder.rglob(name)))
    return folder


def tiny_network(folder: Path) -> list[str]:
    """Options of the command for a tiny network with random weights, which it writes to a folder."""
    weights = save_tiny_weights(bundle_folder("brain"), folder / "tiny.pt")
    settings = {"network_def#features": 4, "ckpt_path": weights, "slice_size": [32, 32], "mirror_every": 0}
    return ["--device", "cpu", *(word for name, value in settings.items() for word in ("--set", f"{name}={value}"))]


def run_bids(*words: object) -> Result:
    """``monai-scse bids`` in this process."""
    with as_a_process([], Path.cwd(), io.StringIO(), io.StringIO()):
        return CliRunner().invoke(main, ["bids", *(str(word) for word in words)])
