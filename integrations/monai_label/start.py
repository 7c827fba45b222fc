"""Serve a bundle of this project with MONAI Label's stock monaibundle app.

    python integrations/monai_label/start.py --bundle bundles/brain_mri_scse_segmentation --studies SCANS

The app folder receives a copy of the stock app and of the bundle. Training on the server replaces the weights of the
copy. The bundle itself stays as it is. A second start goes on with the weights in the app folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# labels that a server saves hold class indices
CLASS_INDICES = {"brain_mri_scse_segmentation": {"label_protocol": "classes"}}


def stop(message: str) -> None:
    """End with one line."""
    sys.exit(f"error: {message}")


def stock_app() -> Path:
    """The monaibundle app that comes with MONAI Label."""
    app = Path(sys.prefix) / "monailabel" / "sample-apps" / "monaibundle"
    if not app.is_dir():
        stop(f"{app}: MONAI Label is not installed in this environment; run integrations/monai_label/setup.sh first.")
    return app


def check_bundle(bundle: Path, app: Path | None = None) -> None:
    """Refuse a bundle, or its copy in ``app``, that would stop the server later or be served as noise."""

    def refuse(problem: str, cure: str) -> None:
        stop(f"{problem}; {cure if app is None else f'delete the app folder {app}, or give another --app'}.")

    for file in ("configs/metadata.json", "configs/inference.json", "configs/train.json"):
        if not (bundle / file).is_file():
            refuse(f"{bundle / file}: not found", "give the folder of a bundle as --bundle")
    if not (bundle / "models" / "model.pt").is_file():
        refuse(f"{bundle / 'models' / 'model.pt'}: the weights are missing", "train the bundle or get its model.pt")
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
    import monai_scse

    wanted = metadata.get("required_packages_version", {}).get("monai-scse", monai_scse.__version__)
    if wanted != monai_scse.__version__:
        refuse(
            f"{bundle / 'configs' / 'metadata.json'}: needs monai-scse {wanted}, {monai_scse.__version__} is installed",
            f"pip install monai-scse=={wanted}, or take the bundle of that version",
        )


def make_app(app: Path, bundle: Path) -> Path:
    """Lay out the app folder, keeping a model that is there already. Returns the bundle in it."""
    app.mkdir(parents=True, exist_ok=True)
    shutil.copytree(stock_app(), app, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    served = app / "model" / bundle.name
    if not served.is_dir():
        # links to shared configs become files
        shutil.copytree(bundle, served, symlinks=False, ignore=shutil.ignore_patterns("runs", "eval"))
        train = served / "configs" / "train.json"
        config = json.loads(train.read_text())
        config.update(CLASS_INDICES.get(bundle.name, {}))
        train.write_text(json.dumps(config, indent=4))
    return served


def environment_for(bundle: Path, app: Path) -> dict[str, str]:
    """What DICOMweb needs: dcmqi on PATH, series of the bundle's modality, copies of them in the app folder.

    And what lets the server take as long as the command line, see ``monai_scse.runtime.prepare_environment``.
    """
    from monai_scse.runtime import prepare_environment

    image = json.loads((bundle / "configs" / "metadata.json").read_text())["network_data_format"]["inputs"]["image"]
    defaults = {
        "MONAI_LABEL_DICOMWEB_SEARCH_FILTER": json.dumps({"Modality": image["modality"]}),
        "MONAI_LABEL_DICOMWEB_CACHE_PATH": str(app / "dicom"),
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**defaults, **os.environ, "PATH": path}
    prepare_environment(environment)
    return environment


def main() -> None:
    """Start the server and wait for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--studies", required=True, help="folder of the scans, or the address of a DICOMweb server")
    parser.add_argument("--app", type=Path, default=Path("monai_label_app"), help="folder of the app, made if needed")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--scoring", action="store_true", help="offer epistemic scoring, for active learning")
    options = parser.parse_args()
    bundle = options.bundle.resolve()
    check_bundle(bundle)
    if not options.studies.startswith("http") and not Path(options.studies).is_dir():
        stop(f"{options.studies}: no such folder; give the folder of the scans as --studies.")
    app = options.app.resolve()
    served = make_app(app, bundle)
    check_bundle(served, app)
    command = [sys.executable, "-m", "monailabel.main", "start_server", "--app", str(app)]
    command += ["--studies", options.studies, "--host", options.host, "--port", str(options.port)]
    command += ["--conf", "models", served.name, "--conf", "zoo_source", "local"]
    if options.scoring:
        command += ["--conf", "epistemic_model", served.name, "--conf", "epistemic_max_samples", "1"]
    environment = environment_for(served, app)
    if os.name == "posix":  # the same process goes on as the server: what stops the one stops the other
        os.execve(command[0], command, environment)
    sys.exit(subprocess.call(command, env=environment))


if __name__ == "__main__":
    main()
